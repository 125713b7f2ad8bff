package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// BuildInfo is what is known of how this program was built.
type BuildInfo struct {
	Version  string `json:"version"` // "(devel)" when built from a checkout
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"` // the checkout had changes
	Time     string `json:"time,omitempty"`     // of the revision, RFC 3339
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// Version reads what the go command has written into this program.
func Version() BuildInfo {
	v := BuildInfo{Version: "(devel)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if info.Main.Version != "" {
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.time":
			v.Time = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}

// String is one line for people.
func (v BuildInfo) String() string {
	revision := ""
	if v.Revision != "" {
		revision = ", " + v.Revision[:min(12, len(v.Revision))]
		if v.Modified {
			revision += " with changes"
		}
	}
	return fmt.Sprintf("sealab %s (%s %s%s)", v.Version, v.Go, v.Platform, revision)
}
