package web

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"

	"sealab/sim"
	"sealab/sim/trace"
)

// Frame is a function of the model in which something happened. A site lists the
// frames from the system call inwards.
type Frame struct {
	trace.Frame
	Code int `json:"code,omitempty"` // its entry in Document.Code, from 1; 0 for none
}

// Code is the source of a function of the model.
type Code struct {
	File  string   `json:"file"`
	Line  int      `json:"line"` // of the first of Lines, from 1
	Lines []string `json:"lines"`
}

// sites writes down where things happened, each frame once, with the source of the
// innermost function. How the scheduler is asked is left out.
func (b *builder) sites() {
	d := b.doc
	number := map[trace.Frame]int{}
	s := sources{}
	for _, site := range b.res.Trace.Sites {
		stack := []int{}
		for _, f := range site.Stack {
			if strings.HasPrefix(f.Func, "sched.") {
				continue
			}
			i, known := number[f]
			if !known {
				i = len(d.Frames)
				number[f] = i
				d.Frames = append(d.Frames, Frame{Frame: f})
			}
			stack = append(stack, i)
		}
		if n := len(stack); n > 0 {
			f := &d.Frames[stack[n-1]]
			f.Code = s.function(d, f.File, f.Line)
		}
		d.Sites = append(d.Sites, stack)
	}
}

// sources finds functions in the source of the model.
type sources map[string]*parsedFile

type parsedFile struct {
	lines []string
	set   *token.FileSet
	tree  *ast.File
}

// function returns the entry of the function around a line, made if it is not there;
// 0 if there is no such function.
func (s sources) function(d *Document, file string, line int) int {
	p := s[file]
	if p == nil {
		text := sim.Source(file)
		p = &parsedFile{lines: strings.Split(text, "\n"), set: token.NewFileSet()}
		// What cannot be read has no functions.
		p.tree, _ = parser.ParseFile(p.set, file, text, parser.SkipObjectResolution)
		s[file] = p
	}
	if p.tree == nil {
		return 0
	}
	i := slices.IndexFunc(p.tree.Decls, func(x ast.Decl) bool {
		return p.set.Position(x.Pos()).Line <= line && line <= p.set.Position(x.End()).Line
	})
	if i < 0 {
		return 0
	}
	from, to := p.set.Position(p.tree.Decls[i].Pos()).Line, p.set.Position(p.tree.Decls[i].End()).Line
	c := Code{File: file, Line: from, Lines: p.lines[from-1 : to]}
	for j := range d.Code {
		if d.Code[j].File == file && d.Code[j].Line == from {
			return j + 1
		}
	}
	d.Code = append(d.Code, c)
	return len(d.Code)
}
