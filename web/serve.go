//go:build !js

package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"time"
)

// Server answers a page on the same machine. It keeps nothing between requests.
type Server struct {
	Doc    *Document     // what the page shows first
	Limits Limits        // of each run
	Body   int64         // bytes of a request; 0 means 4 MiB
	Wait   time.Duration // for other runs to end, before a request is turned away; 0 means 10 s

	host string        // the only name that a request may use
	busy chan struct{} // holds one run at a time
}

// ErrNotLoopback is the error of an address that others can reach.
var ErrNotLoopback = errors.New("the page is served on this machine only: use 127.0.0.1, ::1 or localhost")

// Listen opens a loopback address such as "127.0.0.1:0". What a log holds is nobody
// else's business, so any other is ErrNotLoopback.
func Listen(address string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if host == "localhost" || host == "" {
		host = "127.0.0.1"
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("%s: %w", address, ErrNotLoopback)
	}
	return net.Listen("tcp", net.JoinHostPort(host, port))
}

// Serve answers until the context ends, and lets what is going on come to its end,
// for two seconds at most.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	srv := &http.Server{Handler: s.Handler(l.Addr().String()), ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout: 20 * time.Second, WriteTimeout: 60 * time.Second, IdleTimeout: time.Minute,
		MaxHeaderBytes: 16 << 10}
	done := make(chan error, 1)
	go func() {
		<-ctx.Done()
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		done <- srv.Shutdown(last)
	}()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-done
}

// Handler answers requests that name the given host, as "127.0.0.1:8080".
func (s *Server) Handler(host string) http.Handler {
	s.host = host
	s.busy = make(chan struct{}, 1)
	if s.Body == 0 {
		s.Body = 4 << 20
	}
	if s.Wait == 0 {
		s.Wait = 10 * time.Second
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.page)
	mux.HandleFunc("GET /page.css", serveText("text/css; charset=utf-8", style(true)))
	mux.HandleFunc("GET /page.js", serveText("text/javascript; charset=utf-8", script(true)))
	mux.HandleFunc("POST /run", s.run)
	return s.guard(mux)
}

// policy lets the page load its own script and style, and ask its own server.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// guard lets in only requests that name this server as their host and come from its
// own page: another site that a browser shows can send requests too, and a name of
// its own can be made to lead here.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		origin := r.Header.Get("Origin")
		switch {
		case !s.isUs(r.Host):
			refuse(w, http.StatusMisdirectedRequest, "this is sealab at %s, and not %q", s.host, r.Host)
		case origin != "" && origin != "http://"+r.Host:
			refuse(w, http.StatusForbidden, "a page of %q may not ask sealab", origin)
		case r.Header.Get("Sec-Fetch-Site") == "cross-site" && r.Method != http.MethodGet:
			refuse(w, http.StatusForbidden, "a page of another site may not ask sealab")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// isUs says whether a host is this server, by its address or as localhost.
func (s *Server) isUs(host string) bool {
	_, port, err := net.SplitHostPort(s.host)
	return host == s.host || err == nil && host == "localhost:"+port
}

func serveText(kind, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = io.WriteString(w, text) // whoever asked may be gone
	}
}

// page answers with the page.
func (s *Server) page(w http.ResponseWriter, _ *http.Request) {
	c := newContent(s.Doc)
	c.serve("server")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := parsed().Execute(w, c); err != nil {
		return // the browser has gone away
	}
}

// run answers a request of the page: see Answer.
func (s *Server) run(w http.ResponseWriter, r *http.Request) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		refuse(w, http.StatusUnsupportedMediaType, "a request is application/json")
		return
	}
	request, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.Body))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		refuse(w, http.StatusRequestEntityTooLarge, "the request is larger than %d bytes; "+
			"`sealab replay` reads logs of any length", s.Body)
		return
	case err != nil:
		refuse(w, http.StatusBadRequest, "the request cannot be read: %v", err)
		return
	}
	turn := time.NewTimer(s.Wait)
	defer turn.Stop()
	select {
	case s.busy <- struct{}{}:
		defer func() { <-s.busy }()
	case <-turn.C:
		refuse(w, http.StatusServiceUnavailable, "another run takes long; try again in a moment")
		return
	case <-r.Context().Done():
		return
	}
	status, body := answerTo(request, s.Limits)
	answer(w, status, body)
}

func refuse(w http.ResponseWriter, status int, format string, args ...any) {
	answer(w, status, problem(format, args...))
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		return // the browser has gone away
	}
}
