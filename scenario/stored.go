package scenario

// Stored returns the array that shows the descriptors which a call stores: the two of pipe2
// and socketpair, those that recvmsg has received. It is nil if the line shows none.
func (e *Event) Stored() *Arg {
	var a *Arg
	switch e.Name {
	case "pipe", "pipe2":
		a = e.Arg(0)
	case "socketpair":
		a = e.Arg(3)
	case "recvmsg":
		a, _ = e.Rights()
	}
	if a == nil || a.Kind != Array {
		return nil
	}
	return a
}

// Rights returns the array of the descriptors that a message of sendmsg or recvmsg carries
// (SCM_RIGHTS), nil if there is none. other says whether it has control messages that this
// does not tell.
func (e *Event) Rights() (data *Arg, other bool) {
	m := e.Arg(1)
	if m == nil || m.Kind != Struct {
		return nil, false
	}
	control := e.Field(m, "msg_control")
	if control == nil || control.Kind == Null {
		return nil, false
	}
	if control.Kind != Array {
		return nil, true
	}
	for c := range e.Children(control) {
		kind, d := e.Field(c, "cmsg_type"), e.Field(c, "cmsg_data")
		if c.Kind == Struct && kind != nil && kind.Is("SCM_RIGHTS") && d != nil && d.Kind == Array && data == nil {
			data = d
			continue
		}
		other = true
	}
	return data, other
}
