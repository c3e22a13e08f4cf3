package cli

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"

	"milena/kafka"
	"milena/kafka/batch"
)

// feed gives an output the records 0 to n-1 of a partition, in stretches, until
// it takes no more.
func feed(t *testing.T, out *output, partition int32, n, stretch int) error {
	p := out.Partition(kafka.TopicPartition{Topic: "t", Partition: partition})
	for from := 0; from < n; from += stretch {
		taken := true
		for i := from; taken && i < min(n, from+stretch); i++ {
			views(t, []batch.Record{{Value: fmt.Appendf(nil, "%d:%d", partition, i)}}, func(v *batch.View) { taken = p.Record(v) })
		}
		if err := p.Flush(kafka.PartitionState{}); err != nil || !taken {
			return err
		}
	}
	return nil
}

func TestPartitionsKeepTheirOrderAndLinesStayWhole(t *testing.T) {
	var stdout bytes.Buffer
	out := &output{g: &global{stdout: &stdout}, form: valueForm(""), limit: -1}
	var wg sync.WaitGroup
	const partitions, n = 4, 500
	for p := range int32(partitions) {
		wg.Go(func() {
			if err := feed(t, out, p, n, 7); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	next := make([]int, partitions)
	for line := range strings.Lines(stdout.String()) {
		var p, i int
		if _, err := fmt.Sscanf(line, "%d:%d\n", &p, &i); err != nil || next[p] != i {
			t.Fatalf("%q, after %v (%v)", line, next, err)
		}
		next[p]++
	}
	if out.total() != partitions*n || next[0]+next[1]+next[2]+next[3] != partitions*n {
		t.Errorf("%d written, %v seen", out.total(), next)
	}
}

func TestALimitIsExactOverAllPartitions(t *testing.T) {
	var stdout bytes.Buffer
	var enough sync.Once
	said := false
	out := &output{g: &global{stdout: &stdout}, form: valueForm(""), limit: 100, enough: func() { enough.Do(func() { said = true }) }}
	var wg sync.WaitGroup
	for p := range int32(3) {
		wg.Go(func() {
			if err := feed(t, out, p, 90, 8); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := strings.Count(stdout.String(), "\n"); got != 100 || out.total() != 100 || !said {
		t.Errorf("%d lines, %d counted, ended: %t", got, out.total(), said)
	}
}

type brokenPipe struct{ writes int }

func (b *brokenPipe) Write([]byte) (int, error) {
	b.writes++
	return 0, syscall.EPIPE
}

func TestAFailedWriteEndsTheReadingAndNothingIsWrittenAfter(t *testing.T) {
	pipe := &brokenPipe{}
	out := &output{g: &global{stdout: pipe}, form: valueForm(""), limit: -1}
	for p := range int32(2) {
		if err := feed(t, out, p, 10, 5); !isClosedPipe(err) {
			t.Errorf("partition %d: %v", p, err)
		}
	}
	if pipe.writes != 1 || ignoreClosedPipe(out.failed) != nil {
		t.Errorf("%d writes, %v", pipe.writes, out.failed)
	}
}

func TestWhatCannotBeReadIsNamed(t *testing.T) {
	var stderr bytes.Buffer
	out := &output{g: &global{stderr: &stderr}, limit: -1}
	p := out.Partition(kafka.TopicPartition{Topic: "t", Partition: 2})
	p.Skip(batch.Skip{Kind: batch.SkipGap, First: 1, Last: 2})
	p.Skip(batch.Skip{Kind: batch.SkipControl, First: 3, Last: 3})
	if stderr.Len() > 0 {
		t.Errorf("a gap and a marker are said: %s", stderr.String())
	}
	p.Skip(batch.Skip{Kind: batch.SkipCorrupt, First: 5, Last: 9, Err: errors.New("its CRC is wrong")})
	p.Skip(batch.Skip{Kind: batch.SkipTooLarge, First: 10, Last: 10, Err: errors.New("too large")})
	want := "milena: t/2: offsets 5 to 9 passed over: its CRC is wrong\nmilena: t/2: offset 10 passed over: too large\n"
	if stderr.String() != want || out.damaged.Load() != 2 {
		t.Errorf("%q; want %q", stderr.String(), want)
	}
}
