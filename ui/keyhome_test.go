package ui

import (
	"fmt"
	"testing"

	"milena/kafka"
	"milena/kafka/batch"
)

// keyIn puts records of a key into a partition.
func keyIn(c *fakeCluster, topic string, p int32, key string, n int) {
	for i := range n {
		c.add(topic, p, batch.Record{Timestamp: testNow.UnixMilli() + int64(i), Key: []byte(key), Value: fmt.Append(nil, key, i)})
	}
}

// A key is searched for where its producers put it: what the records show of them
// decides, and where its own partition has it not, all are searched.
func TestAKeyIsFoundWhereverItsProducersPutIt(t *testing.T) {
	const key = "user-1"
	of := func(by kafka.Partitioner, key string) int32 { return by.Of([]byte(key), 6) }
	others := []string{"a", "b", "c", "d", "e", "f", "g"}
	for name, c := range map[string]struct {
		fill     func(*fakeCluster)
		hits     string
		searched int
	}{
		"all by murmur2": {func(c *fakeCluster) {
			keyIn(c, "t", of(kafka.Murmur2, key), key, 3)
			for _, o := range others {
				keyIn(c, "t", of(kafka.Murmur2, o), o, 2)
			}
		}, "3 hits", 1},
		"all by crc32": {func(c *fakeCluster) {
			keyIn(c, "t", of(kafka.CRC32, key), key, 3)
			for _, o := range others {
				keyIn(c, "t", of(kafka.CRC32, o), o, 2)
			}
		}, "3 hits", 1},
		"both": {func(c *fakeCluster) {
			keyIn(c, "t", of(kafka.Murmur2, key), key, 3)
			keyIn(c, "t", of(kafka.CRC32, key), key, 2)
			for _, o := range others {
				keyIn(c, "t", of(kafka.Murmur2, o), o, 2)
				keyIn(c, "t", of(kafka.CRC32, o), o, 2)
			}
		}, "5 hits", 6},
		"by none that is known": {func(c *fakeCluster) {
			for i, o := range append(others, key) {
				keyIn(c, "t", int32(i)%6, o, 2)
			}
		}, "2 hits", 6},
		"not in its partition, which the sample does not show": {func(c *fakeCluster) {
			astray := (of(kafka.Murmur2, key) + 1) % 6
			keyIn(c, "t", astray, key, 4)
			for i := range 40 {
				for j := range 200 {
					if o := fmt.Sprint(i, "-", j); of(kafka.Murmur2, o) == astray {
						keyIn(c, "t", astray, o, 1)
						break
					}
				}
			}
		}, "4 hits", 6},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				f := newFake().topic("t", 6)
				c.fill(f)
				d := drive(t, f, Options{Topics: []string{"t"}}, 120, 40)
				d.follows("t")
				d.searches(`key == "user-1"`)
				d.sees(c.hits)
				if n := len(d.m.tail.snap.search.progress.Partitions); n != c.searched {
					t.Errorf("%d partitions were searched, not %d", n, c.searched)
				}
				if c.searched == 1 {
					d.sees("1 of 6 partitions; A searches all")
				} else {
					d.sees("all searched")
				}
				d.press("K")
				d.searched()
				d.sees(c.hits)
			})
		})
	}
}
