package kafka

// What the user may do, asked without doing any of it: brokers tell the
// operations that they would authorize (KIP-430), and settings can be asked for.

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"milena/human"
)

// operation is one that an ACL can allow, in plain words.
type operation struct {
	bit   kmsg.ACLOperation
	words string
}

// clusterOperations are those on the cluster itself that a person may want.
var clusterOperations = []operation{
	{kmsg.ACLOperationDescribe, "describe it"},
	{kmsg.ACLOperationDescribeConfigs, "see settings"},
	{kmsg.ACLOperationAlterConfigs, "change settings"},
	{kmsg.ACLOperationCreate, "create any topic"},
	{kmsg.ACLOperationAlter, "alter it (ACLs, reassignments, users)"},
	{kmsg.ACLOperationIdempotentWrite, "write idempotently"},
}

// topicOperations are those on a topic.
var topicOperations = []operation{
	{kmsg.ACLOperationRead, "read"},
	{kmsg.ACLOperationWrite, "write"},
	{kmsg.ACLOperationCreate, "create"},
	{kmsg.ACLOperationDelete, "delete"},
	{kmsg.ACLOperationAlter, "alter"},
	{kmsg.ACLOperationDescribeConfigs, "see settings"},
	{kmsg.ACLOperationAlterConfigs, "change settings"},
}

// notTold is what a broker sends that was not asked, or does not know.
const notTold = math.MinInt32

func (o operation) in(bits int32) bool { return bits != notTold && bits&(1<<o.bit) != 0 }

// permissions probes what may be done on the cluster and on its topics. The
// connection is the one on which the metadata was told.
func (w *way) permissions(ctx context.Context) {
	defer context.AfterFunc(ctx, func() { w.conn.Close() })()
	address := w.address
	w.address = "" // from here on it is about the cluster
	defer func() { w.address = address }()
	at := &way{cfg: w.cfg, c: w.c, conn: w.conn, address: address}
	w.take(StepPermissions, func(s *ProbeStep) error { return at.mayOnCluster(ctx, s) })
	w.take(StepPermissions, func(s *ProbeStep) error { return at.mayOnTopics(ctx, s, w.metadata) })
}

// tooOld makes a step of a broker that does not know a request one that was not
// checked.
func tooOld(s *ProbeStep, err error, since string) error {
	var version *VersionError
	if errors.As(err, &version) {
		s.Outcome, s.Summary = NotChecked, "the broker does not tell, it is older than Kafka "+since
		return nil
	}
	return err
}

func (w *way) mayOnCluster(ctx context.Context, s *ProbeStep) error {
	bits, err := w.clusterBits(ctx)
	if err != nil {
		return tooOld(s, err, "2.3")
	}
	if bits == notTold {
		s.Outcome, s.Summary = NotChecked, "the broker does not tell what may be done on the cluster"
		return nil
	}
	var may []string
	for _, o := range clusterOperations {
		if o.in(bits) {
			may = append(may, o.words)
		}
	}
	s.Summary = "on the cluster: " + strings.Join(may, ", ")
	if len(may) == 0 {
		s.Summary = "on the cluster: no permissions known to the broker; reading and writing topics needs none"
	}
	if w.cfg.ReadOnly {
		s.Details = append(s.Details, "this context is read-only: milena changes nothing, whatever is allowed")
	}
	return nil
}

// clusterBits asks by DescribeCluster (KIP-700), or by the versions of Metadata
// that told it before.
func (w *way) clusterBits(ctx context.Context) (int32, error) {
	describe := kmsg.NewPtrDescribeClusterRequest()
	describe.IncludeClusterAuthorizedOperations = true
	res, err := w.ask(ctx, describe, 0, 1)
	var version *VersionError
	if !errors.As(err, &version) {
		if err != nil {
			return 0, err
		}
		d := res.(*kmsg.DescribeClusterResponse)
		if d.ErrorCode != codeNone {
			return 0, &Error{Code: d.ErrorCode, Doing: "describe the cluster", Broker: w.address, Partition: -1, Message: text(d.ErrorMessage)}
		}
		return d.ClusterAuthorizedOperations, nil
	}
	q := kmsg.NewPtrMetadataRequest()
	q.Topics = []kmsg.MetadataRequestTopic{}
	q.IncludeClusterAuthorizedOperations = true
	if res, err = w.ask(ctx, q, 8, 10); err != nil {
		return 0, err
	}
	return res.(*kmsg.MetadataResponse).AuthorizedOperations, nil
}

func (w *way) mayOnTopics(ctx context.Context, s *ProbeStep, m *Metadata) error {
	if len(m.Topics) == 0 {
		s.Outcome, s.Summary = NotChecked, "there is no topic to ask about"
		return nil
	}
	q := kmsg.NewPtrMetadataRequest()
	q.AllowAutoTopicCreation = false
	q.IncludeTopicAuthorizedOperations = true
	res, err := w.ask(ctx, q, 8, metadataMax)
	if err != nil {
		return tooOld(s, err, "2.3")
	}
	topics, told := res.(*kmsg.MetadataResponse).Topics, 0
	allowed := make([]int, len(topicOperations))
	for _, t := range topics {
		if t.AuthorizedOperations != notTold {
			told++
		}
		for i, o := range topicOperations {
			if o.in(t.AuthorizedOperations) {
				allowed[i]++
			}
		}
	}
	if told == 0 {
		s.Outcome, s.Summary = NotChecked, "the broker does not tell what may be done on topics"
		return nil
	}
	parts := make([]string, len(allowed))
	for i, o := range topicOperations {
		parts[i] = fmt.Sprintf("%s %s", o.words, share(allowed[i], told))
	}
	s.Summary = fmt.Sprintf("on %s: %s", human.Plural(told, "topic"), strings.Join(parts, ", "))
	if allowed[0] == 0 {
		s.Outcome = Warned
		s.Hint = "no topic may be read: the user of this context needs an ACL with READ on the topics"
	}
	return w.maySettings(ctx, s, m)
}

// share is how many of all.
func share(n, all int) string {
	switch n {
	case 0:
		return "none"
	case all:
		return "all"
	}
	return fmt.Sprint(n)
}

// maySettings asks for the settings of one topic, as the list of topics does.
func (w *way) maySettings(ctx context.Context, s *ProbeStep, m *Metadata) error {
	topic := m.Topics[0].Name
	for _, t := range m.Topics {
		if !t.Internal {
			topic = t.Name
			break
		}
	}
	q := kmsg.NewPtrDescribeConfigsRequest()
	r := kmsg.NewDescribeConfigsRequestResource()
	r.ResourceType, r.ResourceName, r.ConfigNames = kmsg.ConfigResourceTypeTopic, topic, []string{"cleanup.policy"}
	q.Resources = append(q.Resources, r)
	res, err := w.ask(ctx, q, 0, 4)
	if err != nil {
		return err
	}
	for _, r := range res.(*kmsg.DescribeConfigsResponse).Resources {
		if r.ErrorCode != codeNone {
			e := &Error{Code: r.ErrorCode, Doing: fmt.Sprintf("settings of topic %q", topic), Topic: topic, Partition: -1, Message: text(r.ErrorMessage)}
			s.Details = append(s.Details, e.Error())
		}
	}
	return nil
}
