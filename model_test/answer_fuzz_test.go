package model_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/web"
)

// FuzzAnswer: whatever a page asks, and so whatever a link carries, is answered or refused, in
// JSON, and the same way twice.
func FuzzAnswer(f *testing.F) {
	names, err := filepath.Glob("../web/examples/*.scenario")
	require.NoError(f, err)
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(f, err)
		for _, r := range []web.Request{
			{Format: web.Format, Text: string(text)},
			{Format: web.Format, Text: string(text), Kernel: "6.1:no-wait", HZ: 100, CPUs: 1, Schedule: "2", Log: true},
			{Format: web.Format, Text: string(text), Fork: &web.Fork{After: 1, Task: 2}, Near: true},
		} {
			request, err := json.Marshal(r)
			require.NoError(f, err)
			f.Add(request)
		}
	}
	for _, seed := range []string{`{"format":"sealab-learn-1","lesson":"counter"}`, `{"format":"sealab-learn-9"}`,
		`{"format":"sealab-page-1","text":"kernel 6.1\n"}`, `{`, `[]`, `{"format":1}`} {
		f.Add([]byte(seed))
	}
	limits := web.Limits{Text: 1 << 12, Steps: 2000, Events: 500}
	f.Fuzz(func(t *testing.T, request []byte) {
		status, body := web.Answer(request, limits)
		require.Contains(t, []int{200, 400, 422}, status, "%s", body)
		require.True(t, json.Valid(body))
		again, twice := web.Answer(request, limits)
		require.Equal(t, status, again)
		require.Equal(t, string(body), string(twice))
	})
}
