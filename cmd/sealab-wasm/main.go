//go:build js && wasm

package main

import (
	"runtime/debug"
	"syscall/js"

	"sealab/web"
)

func main() {
	debug.SetGCPercent(400) // there is one thread for all, and a run is small beside what a page may have
	js.Global().Set("sealab", js.FuncOf(func(_ js.Value, args []js.Value) any {
		status, body := web.Answer([]byte(args[0].String()), web.SmallLimits)
		return map[string]any{"status": status, "body": string(body)}
	}))
	js.Global().Call("ready")
	select {} // the worker calls for as long as it lives
}
