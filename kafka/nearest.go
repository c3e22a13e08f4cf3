package kafka

// Names that resemble one that does not exist.

import (
	"sort"
	"strings"
)

// nearest gives up to three names of topics that resemble name, nearest first.
func nearest(name string, topics []Topic) []string {
	var names []string
	for _, t := range topics {
		if !t.Internal {
			names = append(names, t.Name)
		}
	}
	return Nearest(name, names)
}

// Nearest gives up to three of the names that resemble one that is none of them,
// nearest first: those that contain it (or are contained in it), and those a few
// typing mistakes away.
func Nearest(name string, names []string) []string {
	type candidate struct {
		name     string
		distance int
	}
	var found []candidate
	lower := strings.ToLower(name)
	for _, n := range names {
		other := strings.ToLower(n)
		d := distance(lower, other)
		if lower != "" && (strings.Contains(other, lower) || strings.Contains(lower, other)) {
			d = min(d, 1)
		}
		if d <= max(1, len(name)/4) {
			found = append(found, candidate{n, d})
		}
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].distance < found[j].distance })
	near := make([]string, 0, 3)
	for _, f := range found[:min(3, len(found))] {
		near = append(near, f.name)
	}
	return near
}

// distance is how many letters have to be typed, dropped, changed or swapped with
// their neighbour to make b of a (optimal string alignment), in bytes: topic
// names are ASCII.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, before
		row[0] = i + 1
		for j := range len(b) {
			row[j+1] = min(last[j+1], row[j]) + 1
			if a[i] == b[j] {
				row[j+1] = min(row[j+1], last[j])
			} else {
				row[j+1] = min(row[j+1], last[j]+1)
			}
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
