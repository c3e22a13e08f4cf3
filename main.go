// Milena is a terminal UI with which people explore Apache Kafka.
package main

import (
	"context"
	"os"

	"milena/cli"
)

func main() {
	os.Exit(cli.Main(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
