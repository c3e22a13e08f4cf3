// Package archive is records in files: how they are written, as JSON lines, as
// CSV or as bare values, and a file of JSON lines opened again, as a cluster that
// can only be read.
//
//	jsonl.go     records as JSON lines: written; parse.go: read
//	parseown.go  the same, for the lines that jsonl.go writes: fast
//	format.go    what an export is written as; csv.go: as a table
//	atomic.go    a file that is there whole or not at all
//	export.go    records on their way into a file
//	open.go      a file read once, for an index of what is where in it
//	file.go      that file as a cluster
//	read.go      its records
package archive
