package ui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"milena/kafka"
)

// probing is a Probe that reports these steps.
func probing(steps ...kafka.ProbeStep) Probe {
	return func(_ context.Context, _ []string, report func(kafka.ProbeStep)) error {
		for _, s := range steps {
			report(s)
		}
		return nil
	}
}

func step(broker string, id int32, s kafka.Step, o kafka.Outcome, summary, hint string) kafka.ProbeStep {
	p := kafka.ProbeStep{Broker: broker, BrokerID: id, Step: s, Outcome: o, Took: 1300 * time.Microsecond, Summary: summary, Hint: hint}
	if o == kafka.Failed {
		p.Err = errors.New(summary)
	}
	return p
}

// troubles are the ways that end somewhere, each with how Open puts it.
var troubles = []struct {
	name  string
	open  *kafka.ConnectError
	steps []kafka.ProbeStep
}{
	{"resolve", &kafka.ConnectError{Broker: "kafka.exmaple:9092", Step: kafka.StepResolve, Err: errors.New("no such host"), Hint: "is the name spelled right?"}, []kafka.ProbeStep{
		step("kafka.exmaple:9092", -1, kafka.StepResolve, kafka.Failed, "kafka.exmaple: no such host", "is the name spelled right, and known to this machine (DNS, /etc/hosts)?"),
	}},
	{"certificate", &kafka.ConnectError{Broker: "kafka.example:9093", Step: kafka.StepTLS, Err: errors.New("the certificate has expired"), Hint: "renew it"}, []kafka.ProbeStep{
		step("kafka.example:9093", -1, kafka.StepResolve, kafka.Passed, "10.1.2.3, 10.1.2.4", ""),
		step("kafka.example:9093", -1, kafka.StepConnect, kafka.Passed, "10.1.2.3:9093", ""),
		step("kafka.example:9093", -1, kafka.StepTLS, kafka.Failed, "the certificate of kafka.example expired 3 days ago, on 2026-11-19", "renew it on the broker, or check this machine's clock"),
	}},
	{"advertised", &kafka.ConnectError{Broker: "kafka.example:9092", Step: kafka.StepMetadata, Err: errors.New("the brokers that it names do not answer"), Hint: "look closer"}, []kafka.ProbeStep{
		step("kafka.example:9092", -1, kafka.StepConnect, kafka.Passed, "10.1.2.3:9092", ""),
		step("kafka.example:9092", -1, kafka.StepMetadata, kafka.Passed, "cluster Xy, 1 broker, controller 1, 12 topics", ""),
		step("broker-1.internal:9092", 1, kafka.StepResolve, kafka.Failed, "broker-1.internal: no such host",
			"broker 1 advertises broker-1.internal:9092 (advertised.listeners), which does not work from here: clients are sent there"),
		step("", -1, kafka.StepClock, kafka.Warned, "the cluster's clock is 1h0m0s ahead of this one (± 2ms)", "is a time service (NTP) running on both?"),
	}},
}

func TestNoClusterIsExplainedStepByStep(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, x := range troubles {
			failed := &kafka.OpenError{Attempts: []*kafka.ConnectError{x.open}}
			for _, size := range sizes {
				d := drive(t, nil, Options{Open: failing(failed), Probe: probing(x.steps...), Demo: demoOf(sample()), Brokers: []string{x.open.Broker}}, size[0], size[1])
				d.until("the closer look", func() bool { return !d.m.checkup.busy && len(d.m.checkup.steps) > 0 })
				golden(t, fmt.Sprintf("connect-%s-%dx%d", x.name, size[0], size[1]), d.screen())
			}
		}
	})
}

func TestDoctorScreen(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, size := range sizes {
			d := drive(t, sample(), Options{Name: "staging", Probe: probing(troubles[2].steps...)}, size[0], size[1])
			d.sees("orders")
			d.press(":")
			d.typed("doctor")
			d.press("enter")
			d.sees("fails: ")
			golden(t, fmt.Sprintf("doctor-%dx%d", size[0], size[1]), d.screen())
			d.press("esc")
			d.sees("orders")
		}
	})
}

func TestAClusterThatComesBackIsFoundByItself(t *testing.T) {
	bubble(t, func(t *testing.T) {
		failed := &kafka.OpenError{Attempts: []*kafka.ConnectError{troubles[0].open}}
		var there atomic.Bool
		var tries atomic.Int32
		open := func(context.Context, []string) (Cluster, error) {
			tries.Add(1)
			if !there.Load() {
				return nil, failed
			}
			return sample(), nil
		}
		d := drive(t, nil, Options{Open: open, Probe: probing(troubles[0].steps...), Brokers: []string{"localhost:9092"}}, 80, 24)
		d.sees("trying again in 5 s")
		number := d.m.connect.number
		d.send(againMsg{number})
		d.until("the second try", func() bool { return tries.Load() == 2 && !d.m.connect.busy })
		d.sees("cannot reach")
		d.send(againMsg{number}) // of the attempt before: somebody has tried since
		if tries.Load() != 2 {
			t.Errorf("tried %d times, not 2", tries.Load())
		}
		there.Store(true)
		d.advance(12 * time.Second)
		d.send(againMsg{d.m.connect.number})
		d.sees("orders")
		d.sees("the cluster answers, after 12 s")
	})
}

func TestEachTryLooksAtTheWayAnew(t *testing.T) {
	bubble(t, func(t *testing.T) {
		failed := &kafka.OpenError{Attempts: []*kafka.ConnectError{troubles[0].open}}
		var looks atomic.Int32
		probe := func(_ context.Context, _ []string, report func(kafka.ProbeStep)) error {
			if looks.Add(1) == 1 {
				report(step("localhost:9092", -1, kafka.StepConnect, kafka.Failed, "connection refused", ""))
			} else {
				report(step("localhost:9092", -1, kafka.StepConnect, kafka.Failed, "no answer in 5 s", ""))
			}
			return nil
		}
		d := drive(t, nil, Options{Open: failing(failed), Probe: probe, Brokers: []string{"localhost:9092"}}, 80, 24)
		d.sees("connection refused")
		d.until("the end of the look", func() bool { return !d.m.checkup.busy && !d.m.connect.again.IsZero() })
		d.send(againMsg{d.m.connect.number})
		d.sees("no answer in 5 s")
		if s := d.screen(); strings.Contains(s, "connection refused") {
			t.Errorf("what was found before is still told:\n%s", s)
		}
	})
}

func TestAWrongPasswordIsNotTriedAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		failed := &kafka.OpenError{Attempts: []*kafka.ConnectError{{Broker: "kafka.example:9092", Step: kafka.StepLogin, Err: errors.New("wrong password")}}}
		d := drive(t, nil, Options{Open: failing(failed), Brokers: []string{"kafka.example:9092"}}, 80, 24)
		d.sees("cannot reach")
		if !d.m.connect.again.IsZero() {
			t.Error("it is tried again, which may lock the account")
		}
	})
}
