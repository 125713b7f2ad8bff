package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"sealab/sim/mutant"
)

// suites are the packages whose tests run the model, the quick ones first.
var suites = []string{
	"sim/memfd", "sim/shmem", "sim/hugetlbfs", "sim/mapping", "sim/inode", "sim/mm", "sim/pin", "sim/law",
	"sim/kernel", "sealtest", "model_test", "vectors", "run", "explore", "replay",
}

// slow are those of them that are run only when no property of the others has noticed.
var slow = []string{"vectors", "run", "explore", "replay"}

func main() {
	var (
		only    = flag.String("mutants", "", "try only mutants whose name this regular expression matches")
		parts   = flag.String("packages", "", "run only packages that this regular expression matches")
		sample  = flag.Int("sample", 100, "how many mutants of a hundred to try")
		limit   = flag.Duration("timeout", time.Minute, "how long the tests of a package may take")
		out     = flag.String("o", "", "write the table to this file; to standard output without it")
		state   = flag.String("state", "", "keep what is known in this file, and go on from there")
		share   = flag.Duration("for", 0, "with -state: stop after about so long, and go on another time")
		survive = flag.Bool("killed", false, "fail if a mutant survives that docs/mutants.md says is killed")
	)
	flag.Parse()
	if err := score(*only, *parts, *sample, *limit, *out, *survive, progress{file: *state, share: *share}); err != nil {
		fmt.Fprintln(os.Stderr, "score:", err)
		os.Exit(1)
	}
}

func score(only, parts string, sample int, limit time.Duration, out string, strict bool, p progress) error {
	mutants, err := chosen(only, sample)
	if err != nil {
		return err
	}
	wanted, err := regexp.Compile(parts)
	if err != nil {
		return err
	}
	known, err := p.load()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "score")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	all, err := buildAll(dir, wanted)
	if err != nil {
		return err
	}
	p.began = time.Now() // building does not count: the next piece finds most of it done
	var rows []row
	for i, m := range mutants {
		r := row{m, known[m.Name]}
		if r.kills == nil {
			if p.over() {
				fmt.Fprintf(os.Stderr, "%d of %d are done: run it again to go on\n", i, len(mutants))
				return nil
			}
			r.kills = askAll(all, m.Name, limit)
			known[m.Name] = r.kills
			if err := p.save(known); err != nil {
				return err
			}
		}
		fmt.Fprintf(os.Stderr, "%3d of %d  %-28s %s\n", i+1, len(mutants), m.Name, r.verdict())
		rows = append(rows, r)
	}
	if strict {
		return survivors(rows)
	}
	text := table(rows)
	if out == "" {
		_, err = fmt.Print(text)
		return err
	}
	return os.WriteFile(filepath.Clean(out), []byte(text), 0o644)
}

func buildAll(dir string, wanted *regexp.Regexp) (all []*suite, err error) {
	for _, path := range suites {
		if !wanted.MatchString(path) {
			continue
		}
		s, err := build(dir, path)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// askAll returns the tests that notice a mutant.
func askAll(all []*suite, name string, limit time.Duration) []kill {
	r := row{kills: []kill{}}
	for _, s := range all {
		if slices.Contains(slow, s.path) && len(r.by(property)) > 0 {
			continue
		}
		r.kills = append(r.kills, s.run(name, limit)...)
	}
	return r.kills
}

// chosen returns the mutants to try.
func chosen(only string, sample int) (list []mutant.About, err error) {
	re, err := regexp.Compile(only)
	if err != nil {
		return nil, err
	}
	due := 0
	for _, a := range mutant.All() {
		if !re.MatchString(a.Name) {
			continue
		}
		if due += sample; due >= 100 {
			due -= 100
			list = append(list, a)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("no mutant is left to try")
	}
	return list, nil
}
