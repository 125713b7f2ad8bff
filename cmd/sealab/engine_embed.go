//go:build engine

package main

import "embed"

// `make install` puts the engine of the page here first.
//
//go:embed engine/sealab.wasm engine/wasm_exec.js
var engineFiles embed.FS

func init() { brought = engineFiles.ReadFile }
