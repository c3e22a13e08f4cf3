package kafka

// A message that is too large for its topic: how large it is, and what the topic
// takes.

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// limitTimeout is how long a look at a topic's limit may take. It only makes an
// error more precise.
const limitTimeout = 2 * time.Second

// tooLarge gives a batch of one message up, and says by how much it is too large.
func (p *Producer) tooLarge(s sending, refusal *Error) {
	size := len(s.b.encoded)
	what := fmt.Sprintf("the message takes %d bytes", size)
	if s.b.codec != 0 {
		what += fmt.Sprintf(" compressed with %s (%d without)", s.b.codec, s.b.builder.Len())
	}
	ctx, cancel := context.WithTimeout(p.ctx, limitTimeout)
	defer cancel()
	if limit, ok := p.c.messageLimit(ctx, s.q.Topic); ok {
		what += fmt.Sprintf(", the topic's limit max.message.bytes is %d", limit)
	}
	refusal.Message = what
	p.giveUp(s, refusal)
}

// messageLimit is the largest batch that a topic takes; false: that cannot be
// asked.
func (c *Cluster) messageLimit(ctx context.Context, topic string) (int64, bool) {
	const name = "max.message.bytes"
	found, err := c.describeConfigs(ctx, []string{topic}, []string{name}, false)
	if err != nil {
		return 0, false
	}
	for _, resource := range found {
		for _, e := range resource.Configs {
			if e.Name != name {
				continue
			}
			if limit, err := strconv.ParseInt(text(e.Value), 10, 64); err == nil {
				return limit, true
			}
		}
	}
	return 0, false
}
