package judge

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sealab/explore"
	"sealab/host"
)

// Together is what a kernel showed of a scenario with concurrent tasks beside what the model
// allows: for each combination of results of the calls that run at the same time, how many
// orders of the model lead to it, and how many runs of the host.
type Together struct {
	Runs int     `json:"runs"`
	Rows []Shown `json:"rows"` // what the host showed most often comes first
	// Sure says that the model was asked for every order, so that what it does not allow cannot be.
	Sure bool `json:"sure"`
}

// Shown is a combination of results.
type Shown struct {
	Text    string `json:"text"` // "s0=0  m0=EPERM"
	Times   int    `json:"times"`
	Allowed bool   `json:"allowed"` // some order leads to it
	Log     string `json:"log,omitempty"`
}

// Forbidden are the combinations that the host showed, though no order leads to them.
func (t *Together) Forbidden() (all []Shown) {
	for _, s := range t.Rows {
		if t.Sure && s.Times > 0 && !s.Allowed {
			all = append(all, s)
		}
	}
	return all
}

// Unseen are the combinations that some order leads to, and that the host did not show.
func (t *Together) Unseen() (all []Shown) {
	for _, s := range t.Rows {
		if s.Times == 0 {
			all = append(all, s)
		}
	}
	return all
}

// Compare puts a search of a scenario and runs of it on a host side by side. The error says
// that they are not of the same scenario.
func Compare(r *explore.Report, res *host.Result) (*Together, error) {
	labels := r.Together()
	t := &Together{Runs: res.Runs, Sure: r.Complete}
	row := func(text string) *Shown {
		i := slices.IndexFunc(t.Rows, func(s Shown) bool { return s.Text == text })
		if i < 0 {
			i = len(t.Rows)
			t.Rows = append(t.Rows, Shown{Text: text})
		}
		return &t.Rows[i]
	}
	vague := map[string]string{}
	for _, o := range res.Outcomes {
		text, err := hostText(o.Key, labels, vague)
		if err != nil {
			return nil, err
		}
		s := row(text)
		if s.Times == 0 {
			s.Log = string(o.Log)
		}
		s.Times += o.Count
	}
	for _, o := range r.Outcomes {
		row(modelText(o.Text, labels, vague)).Allowed = true
	}
	slices.SortStableFunc(t.Rows, func(a, b Shown) int { return b.Times - a.Times })
	return t, nil
}

// What both call the number of a process and what a load has read, which mean nothing to the other.
const pid, loaded = "pid", "a byte"

// modelText keeps of an outcome what the calls that run at the same time answered.
func modelText(text string, labels []string, vague map[string]string) string {
	var parts []string
	for _, part := range strings.Split(text, "  ") {
		label, value, _ := strings.Cut(part, "=")
		if _, err := strconv.Atoi(value); err == nil && vague[label] != "" {
			value = vague[label]
		}
		if slices.Contains(labels, label) {
			parts = append(parts, label+"="+value)
		}
	}
	return strings.Join(parts, "  ")
}

// hostText tells what a host showed in the words of the model, and notes which calls returned
// a number that only the host can know.
func hostText(key string, labels []string, vague map[string]string) (string, error) {
	shown := strings.Split(key, "; ")
	if len(shown) != len(labels) {
		return "", fmt.Errorf("judge: the host made %d calls at the same time, the model %d", len(shown), len(labels))
	}
	words := map[string]string{"an address": "mapped", "?": "none", "a pid": pid, loaded: loaded}
	parts := make([]string, len(shown))
	for i, s := range shown {
		value := s[strings.LastIndex(s, "=")+1:]
		value = strings.TrimSpace(value)
		if w, ok := words[value]; ok {
			value = w
			if w == pid || w == loaded {
				vague[labels[i]] = w
			}
		} else if n, err := strconv.ParseInt(value, 0, 64); err == nil {
			value = fmt.Sprint(n) // seals are in hexadecimal digits there
		}
		parts[i] = labels[i] + "=" + value
	}
	return strings.Join(parts, "  "), nil
}
