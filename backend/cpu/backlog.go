package cpu

import (
	"sync"
	"sync/atomic"
)

// backlog is the weights of a mapped file that are packed while the program is already in use: nobody waits for them but
// steps, which do without (see staging) and are faster with every part. It works in turn with steps: alone, as long as
// no step waits; between steps, for a share of the weights each time, so that soon all of them are packed; and not at
// all before the first step, if that waits.
type backlog struct {
	loader  *loader
	units   []unit
	next    int // the units before it are packed
	share   int64
	waiting atomic.Int32 // steps
	used    atomic.Bool  // there has been a step
	closing atomic.Bool
}

// backlogShares is how many times a backlog goes on between two steps until it is done.
const backlogShares = 8

func (b *backlog) init(l *loader) {
	b.loader, b.units = l, l.later
	total := int64(0)
	for i := range b.units {
		_, n := l.stored(&b.units[i])
		total += int64(n)
	}
	b.share = total / backlogShares
}

// run packs the backlog of p, one turn after the other.
func (b *backlog) run(p *Program) {
	for done := false; !done; {
		<-p.turn
		if done = p.closed.Load(); !done {
			if done = b.turn(p.backend.threads); b.next == len(b.units) {
				p.closeErr = p.freeStaging()
			}
		}
		p.turn <- struct{}{}
	}
}

// turn packs as much as one turn allows and reports whether that was the last. Units are taken in order and those taken are
// finished, so all before next are packed. After an error that was the last too: steps go on without what is not packed.
func (b *backlog) turn(threads int) bool {
	l := b.loader
	var next, bytes atomic.Int64
	next.Store(int64(b.next))
	var wg sync.WaitGroup
	for range threads {
		wg.Go(func() {
			var buf []byte // mapped weights need none
			for !l.failed.Load() && b.more(bytes.Load()) {
				i := int(next.Add(1)) - 1
				if i >= len(b.units) {
					return
				}
				if err := l.unit(&b.units[i], &buf); err != nil {
					l.failed.Store(true)
				}
				_, n := l.stored(&b.units[i])
				bytes.Add(int64(n))
			}
		})
	}
	wg.Wait()
	if l.failed.Load() {
		return true
	}
	for end := min(int(next.Load()), len(b.units)); b.next < end; b.next++ {
		l.packed(&b.units[b.next])
	}
	return b.next == len(b.units)
}

// more reports whether a turn that has packed so many bytes may go on.
func (b *backlog) more(bytes int64) bool {
	switch {
	case b.closing.Load():
		return false
	case b.waiting.Load() == 0:
		return true
	}
	return b.used.Load() && bytes < b.share
}
