package web_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/web"
)

// TestNear plays the order nearest to a run that ends otherwise: its verdict is another one, and
// its schedule repeats it.
func TestNear(t *testing.T) {
	r := web.Request{Text: web.Examples()[2].Text}
	d := build(t, r)
	r.Near, r.Schedule = true, d.Schedule
	near := build(t, r)
	require.NotNil(t, near.Near)
	require.Equal(t, 1, near.Near.Turns)
	require.Positive(t, near.Near.Moved)
	require.NotEqual(t, d.Verdicts[0].Title, near.Verdicts[0].Title)
	require.Empty(t, near.Notes, "every decision of its schedule fits")
	again := build(t, web.Request{Text: r.Text, Schedule: near.Schedule})
	require.Equal(t, near.Hash, again.Hash)
	require.Nil(t, again.Near)
	// There is a way back: the nearest to the near one ends otherwise too.
	r.Schedule = near.Schedule
	require.NotEqual(t, near.Verdicts[0].Title, build(t, r).Verdicts[0].Title)
}

// TestNearOfNone: what has no near order is told so.
func TestNearOfNone(t *testing.T) {
	for _, x := range []struct {
		r    web.Request
		want string
	}{
		{web.Request{Text: "getpid()"}, "every order ends alike"},
		{web.Request{Text: "1 memfd_create(\"a\", 0) = 3\n", Log: true}, "this is a log"},
		{web.Request{Text: "r0 = memfd_create(\"a\", 0)\nwrite(r0, \"x\"..., 1000000000)\n"}, "the run was stopped"},
	} {
		x.r.Format, x.r.Near = web.Format, true
		_, err := web.Build(&x.r, web.Limits{Steps: 20_000})
		require.ErrorContains(t, err, x.want)
	}
}
