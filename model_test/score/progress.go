package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"time"
)

// progress is a file that keeps what is known of each mutant, so that a run can be done in
// pieces.
type progress struct {
	file  string
	share time.Duration
	began time.Time
}

func (p progress) load() (known map[string][]kill, err error) {
	known = map[string][]kill{}
	if p.file == "" {
		return known, nil
	}
	text, err := os.ReadFile(p.file)
	if errors.Is(err, fs.ErrNotExist) {
		return known, nil
	}
	if err != nil {
		return nil, err
	}
	return known, json.Unmarshal(text, &known)
}

func (p progress) save(known map[string][]kill) error {
	if p.file == "" {
		return nil
	}
	text, err := json.MarshalIndent(known, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(p.file, text, 0o644)
}

// over says whether this piece has taken as long as it may.
func (p progress) over() bool { return p.file != "" && p.share > 0 && time.Since(p.began) > p.share }
