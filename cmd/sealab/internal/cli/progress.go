package cli

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// progressPeriod is how often a progress line is renewed: four times a second, so that it
// moves and can still be read.
const progressPeriod = 250 * time.Millisecond

// Progress shows a line on standard error while something long goes on, if a person is
// looking: nothing is shown where standard error is no terminal. line is called from another
// goroutine. The function that is returned takes the line away; calling it again does nothing.
func (a *App) Progress(line func() string) (stop func()) {
	if !IsTerminal(a.Stderr) || a.Env("TERM") == "dumb" {
		return func() {}
	}
	ticker := time.NewTicker(progressPeriod)
	end := progress(a.Stderr, ticker.C, line)
	return func() {
		ticker.Stop()
		end()
	}
}

// progress writes the line at each tick until it is stopped.
func progress(w io.Writer, ticks <-chan time.Time, line func() string) (stop func()) {
	quit, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		shown := false
		for {
			select {
			case <-ticks:
				fmt.Fprintf(w, "\r%s\x1b[K", line())
				shown = true
			case <-quit:
				if shown {
					fmt.Fprint(w, "\r\x1b[K")
				}
				return
			}
		}
	}()
	return sync.OnceFunc(func() {
		close(quit)
		<-gone
	})
}
