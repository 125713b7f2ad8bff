package gen

import "fmt"

// message makes a pair of sockets, or sends or receives on one. No call waits.
func (g *drawing) message() {
	if len(g.socks) == 0 || len(g.socks) < 6 && g.oneIn(8) {
		a, b := g.name("s"), g.name("s")
		g.call("", "socketpair", "AF_UNIX", g.pick("SOCK_STREAM", "SOCK_SEQPACKET", "SOCK_DGRAM|SOCK_CLOEXEC",
			"SOCK_STREAM|SOCK_NONBLOCK", "SOCK_RAW"), "0", "["+a+", "+b+"]")
		g.socks = append(g.socks, a, b)
		return
	}
	s := g.any(g.socks, g.file())
	bytes := g.pick("1", "4", "100", "0", "4096", "8192")
	switch g.rng.IntN(10) {
	case 0, 1, 2:
		fds := g.file()
		if g.oneIn(3) {
			fds += ", " + g.file()
		}
		g.call("", "sendmsg", s, msghdr(bytes, fds, "24"), g.pick("MSG_DONTWAIT|MSG_NOSIGNAL",
			"MSG_DONTWAIT|MSG_NOSIGNAL|MSG_CMSG_CLOEXEC"))
	case 3:
		g.call("", "sendto", s, `"s"`, bytes, "MSG_DONTWAIT|MSG_NOSIGNAL", "NULL", "0")
	case 4:
		g.call("", "recvfrom", s, `""`, g.pick("1", "4", "100", "8192"), "MSG_DONTWAIT", "NULL", "NULL")
	case 5:
		g.call("", "close", s)
	default:
		a, b := g.name("r"), g.name("r")
		msg := msghdr(g.pick("1", "100", "8192", "4"), a+", "+b, g.pick("24", "24", "20", "16", "19"))
		g.call("", "recvmsg", s, msg, g.pick("MSG_DONTWAIT", "MSG_DONTWAIT|MSG_CMSG_CLOEXEC"))
		g.files = append(g.files, a, b)
	}
}

// msghdr is a message with descriptors.
func msghdr(bytes, fds, room string) string {
	return fmt.Sprintf(`{msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="s", iov_len=%s}], msg_iovlen=1, `+
		`msg_control=[{cmsg_len=24, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[%s]}], `+
		`msg_controllen=%s, msg_flags=0}`, bytes, fds, room)
}
