// Package kv keeps the page tables of sequences over a backend's cache: which pages hold which positions, which pages
// several sequences share, and what must be copied before a shared page is written to. It moves no keys or values
// itself and knows no model.
//
//	pool := kv.NewPool(cache)
//	q := pool.NewSeq()
//	err := q.Reserve(len(tokens)) // pages for the next positions, none of them shared
//	...                           // a step fills the slots
//	q.Commit(len(tokens))
//
// Fork shares all pages and costs O(pages) reference counts; the first of the two that appends copies the last page.
// Rewind forgets positions and gives back pages that held only those.
package kv
