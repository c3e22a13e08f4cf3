package cli

// A file of exported records in place of a cluster.

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"

	"milena/archive"
	"milena/kafka"
	"milena/ui"

	"github.com/spf13/pflag"
)

// fileFlag adds --file to a command that can read one.
func (g *global) fileFlag(f *pflag.FlagSet) {
	f.StringVar(&g.file, "file", "", "read records from this `FILE` (written by tail -J or an export) instead of a cluster")
}

// takeFile makes an argument that names a file of records the file to read. A
// topic may have such a name, too: the file that is there wins, and it is said.
func (g *global) takeFile(args []string) []string {
	if g.file != "" || len(args) != 1 {
		return args
	}
	kind, err := archive.KindOf(args[0])
	if err != nil || kind != archive.JSONL {
		return args
	}
	if info, err := os.Stat(args[0]); err != nil || info.IsDir() {
		return args
	}
	if kafka.ValidTopicName(args[0]) == nil {
		g.fileWon = "this is the file " + args[0] + "; a topic of that name opens from the pane of topics (milena alone), or with milena tail " + args[0]
	}
	g.file = args[0]
	return nil
}

// refuseCluster refuses what names a cluster beside a file.
func (g *global) refuseCluster() error {
	if g.brokers != "" || g.context != "" || g.properties != "" || len(g.set) > 0 || g.demo || g.demoDir != "" {
		return usage("a file needs no cluster: leave out -b, --context, -F, -X and --demo to read %s", g.file)
	}
	return nil
}

// openFile opens the file that is meant, and says on stderr what of it could not
// be read. It is closed when the program ends.
func (g *global) openFile(ctx context.Context) (*archive.File, error) {
	if err := g.refuseCluster(); err != nil {
		return nil, err
	}
	f, err := archive.Open(ctx, g.file, nil)
	if err != nil {
		return nil, err
	}
	g.closers = append(g.closers, f.Close)
	for _, n := range f.Notices() {
		g.notice("milena: %s", n)
	}
	return f, nil
}

// fileScreen runs the UI on the file.
func (g *global) fileScreen(ctx context.Context, topics []string) error {
	if err := g.refuseCluster(); err != nil {
		return err
	}
	path, err := filepath.Abs(g.file)
	if err != nil {
		return err
	}
	var read, size atomic.Int64
	opt := ui.Options{
		Name: filepath.Base(path), File: path, Topics: topics, Version: version(),
		Opening: func() (int64, int64) { return read.Load(), size.Load() },
		Open: func(ctx context.Context, _ []string) (ui.Cluster, error) {
			f, err := archive.Open(ctx, g.file, func(r, of int64) {
				read.Store(r)
				size.Store(of)
			})
			if err != nil {
				return nil, err
			}
			return f, nil
		},
	}
	if g.fileWon != "" {
		opt.Warnings = append(opt.Warnings, g.fileWon)
	}
	return ui.Run(ctx, dressed(opt))
}

// source is what a command reads from: the file, or the cluster.
type source interface {
	Metadata() *kafka.Metadata
	Topic(ctx context.Context, name string) (*kafka.Topic, error)
	Resolve(ctx context.Context, tps []kafka.TopicPartition, from kafka.Position, to *kafka.Position, iso kafka.Isolation) ([]kafka.Span, []kafka.Waiting, error)
	kafka.Log

	NewSearch(req kafka.SearchRequest) (*kafka.Search, error)
	KeySpans(spans []kafka.Span, key []byte, by kafka.Partitioner) (lives, rest []kafka.Span)
	Cost(ctx context.Context, spans []kafka.Span, iso kafka.Isolation) (kafka.SearchCost, error)
	EstimateHits(ctx context.Context, spans []kafka.Span, match func(kafka.TopicPartition) kafka.Matcher, iso kafka.Isolation) (kafka.Estimate, error)
}

// openSource opens the file, or connects to the cluster, that is meant.
func (g *global) openSource(ctx context.Context) (source, error) {
	if g.file != "" {
		return g.openFile(ctx)
	}
	return g.open(ctx)
}

// isolation is that of the settings; a file has none.
func (g *global) isolation(ctx context.Context) (kafka.Isolation, error) {
	if g.file != "" {
		return kafka.ReadUncommitted, nil
	}
	settings, err := g.load(ctx)
	if err != nil {
		return 0, err
	}
	return settings.Isolation, nil
}
