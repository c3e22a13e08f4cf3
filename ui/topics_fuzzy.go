package ui

import (
	"slices"
	"strings"
)

// The filter of topics: a word is found where its letters stand in a name in
// their order. Letters beside each other and at the beginnings of words count
// for more, so that what was meant comes first.

// topicFilter is what was typed.
type topicFilter struct {
	words   []string
	trouble bool // "!": only topics in trouble
}

func newTopicFilter(text string) topicFilter {
	var f topicFilter
	for _, w := range strings.Fields(strings.ToLower(text)) {
		if w == "!" {
			f.trouble = true
		} else {
			f.words = append(f.words, w)
		}
	}
	return f
}

// What a letter that was found counts for.
const (
	scoreLetter = 1
	scoreNext   = 8 // it follows the one before
	scoreBegins = 6 // it begins the name or a word in it
	scoreWhole  = 1000
)

// match tells how well all words are in a name, which has small letters only;
// false: one is not.
func (f *topicFilter) match(name string) (score int, ok bool) {
	for _, w := range f.words {
		s, ok := fuzzy(name, w, nil)
		if !ok {
			return 0, false
		}
		score += s
	}
	return score - len(name)/4, true
}

// find gives the bytes of a name that the words are found at, in order.
func (f *topicFilter) find(name string) []int {
	var at []int
	for _, w := range f.words {
		fuzzy(name, w, &at)
	}
	slices.Sort(at)
	return slices.Compact(at)
}

// fuzzy looks for a word's letters in a name. A word that is there whole is
// found there; otherwise the match is the shortest that ends where the first one
// ends.
func fuzzy(name, word string, at *[]int) (score int, ok bool) {
	if i := strings.Index(name, word); i >= 0 {
		if b := wordStart(name, word); b >= 0 {
			i, score = b, scoreBegins
		}
		for j := range len(word) {
			if at != nil {
				*at = append(*at, i+j)
			}
		}
		if i == 0 {
			score += scoreBegins
		}
		return score + scoreWhole, true
	}
	j := 0
	end := 0
	for i := 0; i < len(name) && j < len(word); i++ {
		if name[i] == word[j] {
			j++
			end = i
		}
	}
	if j < len(word) {
		return 0, false
	}
	last := -2
	for i := end; i >= 0 && j > 0; i-- {
		if name[i] != word[j-1] {
			continue
		}
		j--
		score += scoreLetter
		if i+1 == last {
			score += scoreNext
		}
		if begins(name, i) {
			score += scoreBegins
		}
		last = i
		if at != nil {
			*at = append(*at, i)
		}
	}
	return score, true
}

// wordStart is where a word stands in a name at the beginning of a part of it;
// −1: nowhere.
func wordStart(name, word string) int {
	for from := 0; from < len(name); {
		i := strings.Index(name[from:], word)
		if i < 0 {
			return -1
		}
		if begins(name, from+i) {
			return from + i
		}
		from += i + 1
	}
	return -1
}

func begins(name string, i int) bool {
	return i == 0 || strings.IndexByte("._- ", name[i-1]) >= 0
}
