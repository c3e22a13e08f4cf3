package cli

import (
	"context"

	"milena/demo"
)

// startDemo starts the embedded broker with its sample data and gives its
// address. It ends with the program.
func (g *global) startDemo(ctx context.Context) (string, error) {
	g.demo = true
	b, err := demo.Start(ctx, demo.Options{Dir: g.demoDir})
	if err != nil {
		return "", err
	}
	g.closers = append(g.closers, b.Close)
	return b.Addrs()[0], nil
}
