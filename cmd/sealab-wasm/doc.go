//go:build js && wasm

// Command sealab-wasm is the engine of the static page that `sealab site` writes: the same
// model and the same documents as the server's, called from a worker of the browser.
package main
