package web_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/web"
)

func handler(t *testing.T) http.Handler {
	s := &web.Server{Doc: build(t, web.Request{Text: web.Examples()[0].Text}), Limits: web.Limits{Steps: 20_000}, Body: 10_000}
	return s.Handler("127.0.0.1:4711")
}

func send(h http.Handler, method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://127.0.0.1:4711"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func body(t *testing.T, r web.Request) string {
	r.Format = web.Format
	b, err := json.Marshal(r)
	require.NoError(t, err)
	return string(b)
}

// TestServer asks as a page does.
func TestServer(t *testing.T) {
	h := handler(t)
	w := send(h, "GET", "/", "")
	require.Equal(t, 200, w.Code)
	require.Contains(t, w.Body.String(), "EBUSY")
	require.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'")
	require.NotContains(t, w.Header().Get("Content-Security-Policy"), "unsafe")
	require.Contains(t, send(h, "GET", "/page.js", "").Body.String(), "startLab")
	require.Contains(t, send(h, "GET", "/page.css", "").Body.String(), "--ink")
	require.Equal(t, 404, send(h, "GET", "/page/page.html", "").Code)

	w = send(h, "POST", "/run", body(t, web.Request{Text: web.Examples()[2].Text}), "Origin", "http://127.0.0.1:4711")
	require.Equal(t, 200, w.Code)
	var d web.Document
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &d))
	require.NotEmpty(t, d.Forks)

	w = send(h, "POST", "/run", body(t, web.Request{Text: "r0 = memfd_create(\"a\", MFD_ALOW_SEALING)\n"}))
	require.Equal(t, 422, w.Code)
	var p web.Problems
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &p))
	require.EqualValues(t, 1, p.All[0].Line)
	require.Contains(t, p.All[0].Message, "    ^", "the caret of the terminal")
	require.Contains(t, p.All[0].Message, "MFD_ALLOW_SEALING")
}

// TestGuard turns away whoever is not the server's own page.
func TestGuard(t *testing.T) {
	h := handler(t)
	good := body(t, web.Request{Text: "getpid()"})
	for _, x := range []struct {
		code   int
		method string
		body   string
		header []string
	}{
		{200, "POST", good, nil},
		{200, "POST", good, []string{"Host", "localhost:4711", "Origin", "http://localhost:4711"}},
		{421, "POST", good, []string{"Host", "evil.example:4711"}},
		{421, "POST", good, []string{"Host", "127.0.0.1:80"}},
		{421, "GET", "", []string{"Host", "evil.example"}},
		{403, "POST", good, []string{"Origin", "http://evil.example"}},
		{403, "POST", good, []string{"Origin", "null"}},
		{403, "POST", good, []string{"Origin", "https://127.0.0.1:4711"}},
		{403, "POST", good, []string{"Sec-Fetch-Site", "cross-site"}},
		{405, "GET", "", nil},
		{405, "PUT", good, nil},
		{415, "POST", good, []string{"Content-Type", "text/plain"}},
		{400, "POST", "{", nil},
		{400, "POST", `{"text": 7}`, nil},
		{413, "POST", body(t, web.Request{Text: strings.Repeat("getpid()\n", 2000)}), nil},
	} {
		w := send(h, x.method, "/run", x.body, x.header...)
		require.Equal(t, x.code, w.Code, "%s %v: %s", x.method, x.header, w.Body)
		require.NotEmpty(t, w.Header().Get("Content-Security-Policy"))
	}
}

// TestBounds: a run that would go on is stopped, and shown as far as it came.
func TestBounds(t *testing.T) {
	w := send(handler(t), "POST", "/run",
		body(t, web.Request{Text: "r0 = memfd_create(\"a\", 0)\nwrite(r0, \"x\"..., 1000000000)\nclose(r0)\n"}))
	require.Equal(t, 200, w.Code, "%s", w.Body)
	var d web.Document
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &d))
	require.False(t, d.Holds)
	require.Contains(t, strings.Join(d.Notes, "\n"), "too many steps")
	require.Equal(t, "Nothing was refused before the run was stopped", d.Verdicts[0].Title)
	require.Contains(t, d.Verdicts[0].Because, "Not made: 1 of 3 calls.")
	require.LessOrEqual(t, len(d.Events), 20_000)
}

// TestListen: only this machine.
func TestListen(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", "[::]:0", "192.0.2.1:0", "example.org:80"} {
		_, err := web.Listen(address)
		require.ErrorIs(t, err, web.ErrNotLoopback, address)
	}
	_, err := web.Listen("8080")
	require.Error(t, err)

	l, err := web.Listen("localhost:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	s := &web.Server{Doc: build(t, web.Request{Text: "getpid()"})}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	answer, err := http.Get("http://" + l.Addr().String() + "/")
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, 200, answer.StatusCode)
	stop()
	require.NoError(t, <-ended, "it stops cleanly")
}
