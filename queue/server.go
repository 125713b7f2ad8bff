package queue

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Server is a NATS server in this process, for one search: nothing of it stays.
type Server struct {
	nats   *server.Server
	folder string
	url    string
}

// Serve starts a server that listens at an address, "127.0.0.1:0" for any port that only
// this machine reaches. Who connects must know its URL, which has a secret in it.
func Serve(listen string) (*Server, error) {
	host, text, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, fmt.Errorf("queue: %w", err)
	}
	port, err := strconv.Atoi(text)
	if err != nil || port < 0 || port > 65535 {
		return nil, fmt.Errorf("queue: %q is no port", text)
	}
	free, err := net.Listen("tcp", listen) // the server itself would try for a long time
	if err != nil {
		return nil, fmt.Errorf("queue: %w", err)
	}
	_ = free.Close() // it has been used for nothing
	if port == 0 {
		port = server.RANDOM_PORT
	}
	folder, err := os.MkdirTemp("", "sealab-queue-")
	if err != nil {
		return nil, err
	}
	secret := rand.Text()
	s := &Server{folder: folder}
	s.nats, err = server.NewServer(&server.Options{
		ServerName: "sealab", Host: host, Port: port, Authorization: secret, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: folder, JetStreamMaxMemory: 64 << 20, JetStreamMaxStore: 4 << 30,
		MaxPayload: maxPayload,
	})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	s.nats.Start()
	if !s.nats.ReadyForConnections(10 * time.Second) {
		s.Close()
		return nil, fmt.Errorf("queue: the server at %s does not answer", listen)
	}
	s.url = fmt.Sprintf("nats://%s@%s", secret, s.nats.Addr())
	return s, nil
}

// maxPayload is how large a message may be, in bytes: a part with very many outcomes.
const maxPayload = 8 << 20

// URL is what workers connect to.
func (s *Server) URL() string { return s.url }

// Close ends the server and removes what it kept.
func (s *Server) Close() {
	s.nats.Shutdown()
	s.nats.WaitForShutdown()
	_ = os.RemoveAll(s.folder) // it is a folder for what is temporary
}
