package sched_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sealab/sim/sched"
)

func TestTaskLetters(t *testing.T) {
	for n, want := range map[int]string{1: "a", 26: "z", 27: "aa", 52: "az", 53: "ba", 702: "zz", 703: "aaa"} {
		require.Equal(t, want, sched.TaskLetters(n))
	}
}

func decisions() *rapid.Generator[sched.Schedule] {
	count := rapid.OneOf(rapid.IntRange(1, 3), rapid.IntRange(1, 1<<30))
	one := rapid.Custom(func(t *rapid.T) sched.Decision {
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			return sched.Decision{Count: count.Draw(t, "ticks")}
		case 1:
			return sched.Decision{Task: -1, Count: 1, Answer: rapid.IntRange(0, 1<<30).Draw(t, "answer")}
		}
		task := rapid.OneOf(rapid.IntRange(1, 30), rapid.IntRange(1, 300_000_000)).Draw(t, "task")
		return sched.Decision{Task: task, Count: count.Draw(t, "steps")}
	})
	return rapid.Custom(func(t *rapid.T) sched.Schedule { return rapid.SliceOfN(one, 1, 20).Draw(t, "schedule") })
}

func TestScheduleRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := decisions().Draw(t, "schedule")
		text := s.String()
		for _, space := range []string{" ", "\t", "\n", " \r\n  "} {
			got, err := sched.ParseSchedule(space + strings.ReplaceAll(text, " ", space) + space)
			require.NoError(t, err)
			require.Equal(t, s, got)
		}
	})
}

func TestScheduleErrors(t *testing.T) {
	const what = "expected a task and how often it goes (a4), a timer (~), or a choice (?1)"
	for text, want := range map[string]string{
		"a4 b2 ?":                 `schedule:1:7: "?": a choice needs its answer, as in ?1`,
		"a4\n  B2":                `schedule:2:3: "B2": ` + what + `; did you mean b2?`,
		"é4":                      `schedule:1:1: "é4": ` + what,
		"a1 ü":                    `schedule:1:4: "ü": ` + what,
		"4a":                      `schedule:1:1: "4a": ` + what,
		"7":                       `schedule:1:1: "7": ` + what,
		"a-1":                     `schedule:1:1: "a-1": ` + what,
		"~~":                      `schedule:1:1: "~~": ` + what,
		"a1 b0":                   `schedule:1:4: "b0": nothing happens 0 times; leave it out`,
		"~0":                      `schedule:1:1: "~0": nothing happens 0 times; leave it out`,
		"abcdefg1":                `schedule:1:1: "abcdefg1": no task has a name of more than 6 letters`,
		"a9999999999999999999":    `schedule:1:1: "a9999999999999999999": the number is larger than 1073741824`,
		strings.Repeat("!", 1000): `schedule:1:1: "` + strings.Repeat("!", 20) + `...": ` + what,
	} {
		_, err := sched.ParseSchedule(text)
		require.EqualError(t, err, want)
		var e *sched.ScheduleError
		require.ErrorAs(t, err, &e)
	}
	s, err := sched.ParseSchedule(" \n ")
	require.NoError(t, err)
	require.Empty(t, s)
	s, err = sched.ParseSchedule("a ~1 ?0")
	require.NoError(t, err)
	require.Equal(t, "a1 ~ ?0", s.String())
}

// FuzzParseSchedule: whatever can be read prints as something that reads the same.
func FuzzParseSchedule(f *testing.F) {
	f.Add("a4 b2 ~ ~3 ?1 az7")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := sched.ParseSchedule(text)
		if err != nil {
			return
		}
		again, err := sched.ParseSchedule(s.String())
		require.NoError(t, err)
		require.Equal(t, s, again)
	})
}

func TestReplaySaysWhereItDiffers(t *testing.T) {
	run := func(text string) *sched.Replay {
		plan, err := sched.ParseSchedule(text)
		require.NoError(t, err)
		r := &sched.Replay{Schedule: plan}
		s := machine(r)
		id := s.World().Add(&cell{})
		for range 2 {
			s.Spawn("x", func(t *sched.Task) {
				inc.On(t, id, 1)
				t.Choose(2, "a thing")
			})
		}
		require.NoError(t, s.RunAll())
		return r
	}
	require.NoError(t, run("a2 ?1 b2 ?0").Err())
	for text, want := range map[string]string{
		"a2 ?1 b2 ?0 a1": "the run ended before the schedule: decision 5 (a1) was not asked for",
		"a2 b1": "the run is not that of the schedule: decision 2 (b1), used 0 times so far: " +
			"there was a choice of 2 (a thing)",
		"a2 ?7": "the run is not that of the schedule: decision 2 (?7), used 0 times so far: " +
			"there was a choice of only 2 (a thing)",
		"a1 c4": "the run is not that of the schedule: decision 2 (c4), used 0 times so far: " +
			"there was to choose from a, b",
		"~": "the run is not that of the schedule: decision 1 (~), used 0 times so far: there was to choose from a, b",
	} {
		require.EqualError(t, run(text).Err(), want)
	}
	require.Equal(t, 1, run("a2 ?7 b2 ?0").Misfits, "what cannot be had is passed over")
}
