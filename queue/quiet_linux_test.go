package queue

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestQuiet: the file that is read once a second has no name any more, so the timer that
// does it gives up.
func TestQuiet(t *testing.T) { require.Empty(t, statFile) }
