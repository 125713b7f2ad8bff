package view_test

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"sealab/promise"
	"sealab/view"
)

//go:generate go test -count=1 -run ^TestPromises$ . -promises-page

var writePromises = flag.Bool("promises-page", false, "write docs/promises.md instead of comparing with it")

const promisesPage = "../docs/promises.md"

// TestPromises: docs/promises.md is what it would be if it were written now.
func TestPromises(t *testing.T) {
	var page bytes.Buffer
	page.WriteString("# Promises\n\nWhat a seal promises, and what can still happen. `sealab promise` prints this page's table and cards, for\n" +
		"any kernel; everything in them is played on the model, and `go test ./promise` holds the kernel underneath\n" +
		"to it. `go generate ./view` writes the page.\n\n```\n")
	var cards []*promise.Card
	for _, m := range promise.All() {
		c, err := promise.NewCard(m, "")
		require.NoError(t, err)
		cards = append(cards, c)
	}
	view.Promises(&page, cards, view.Style{Width: 110})
	page.WriteString("```\n")
	for _, c := range cards {
		others, err := promise.Elsewhere(c)
		require.NoError(t, err)
		page.WriteString("\n```\n")
		view.Promise(&page, c, others, view.Style{Width: 110})
		page.WriteString("```\n")
	}
	if *writePromises {
		require.NoError(t, os.WriteFile(promisesPage, page.Bytes(), 0o644))
		return
	}
	have, err := os.ReadFile(promisesPage)
	require.NoError(t, err)
	require.Equal(t, string(have), page.String(), "go generate ./view writes it")
}
