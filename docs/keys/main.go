// Keys prints docs/keys.md from the program's own table of keys:
//
//	go run ./docs/keys >docs/keys.md
package main

import (
	"fmt"

	"milena/ui"
)

func main() { fmt.Print(ui.KeysMarkdown()) }
