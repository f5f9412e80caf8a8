package jinja

// Scoping. Jinja2 decides when it compiles a template which variable a name means, and some of its rules show: a name that
// is set anywhere in a frame belongs to that frame, assignments in a loop end with the iteration, those in a branch of an
// if do not. This file follows the analysis of jinja2.idtracking so that names mean the same here.

// scope is what a frame needs at run time.
type scope struct {
	size  int
	loads []load
}

type loadKind uint8

const (
	loadParam   loadKind = iota // set by whoever enters the frame
	loadResolve                 // the template's variable or global of that name
	loadAlias                   // the value of an outer frame's variable on entry
	loadMissing                 // nothing until it is assigned
)

// load says how a slot starts when its frame is entered.
type load struct {
	kind     loadKind
	slot     int
	name     string
	up, from int // loadAlias
}

// symbols knows the names of one frame. A branch of an if works on a copy, which is an overlay on base.
type symbols struct {
	parent *symbols // the frame around this one
	base   *symbols // what this is a copy of
	slots  map[string]int
	refs   map[string]bool
	loads  map[string]load
	stores map[string]bool
}

func newSymbols(parent *symbols) *symbols {
	s := &symbols{parent: parent, slots: map[string]int{}}
	s.clear()
	return s
}

func (s *symbols) clear() {
	s.refs, s.loads, s.stores = map[string]bool{}, map[string]load{}, map[string]bool{}
}

func (s *symbols) branch() *symbols {
	b := &symbols{parent: s.parent, base: s, slots: s.slots}
	b.clear()
	return b
}

func (s *symbols) has(name string) bool {
	for ; s != nil; s = s.base {
		if s.refs[name] {
			return true
		}
	}
	return false
}

func (s *symbols) stored(name string) bool {
	for ; s != nil; s = s.base {
		if s.stores[name] {
			return true
		}
	}
	return false
}

// find returns how many frames out the name is, and its slot there.
func (s *symbols) find(name string) (up, slot int, ok bool) {
	for ; s != nil; s = s.parent {
		if s.has(name) {
			return up, s.slots[name], true
		}
		up++
	}
	return 0, 0, false
}

func (s *symbols) slot(name string) int {
	i, ok := s.slots[name]
	if !ok {
		i = len(s.slots)
		s.slots[name] = i
	}
	return i
}

func (s *symbols) define(name string, l load) int {
	l.slot, l.name = s.slot(name), name
	s.refs[name] = true
	s.loads[name] = l
	return l.slot
}

func (s *symbols) param(name string) int {
	s.stores[name] = true
	return s.define(name, load{kind: loadParam})
}

func (s *symbols) load(name string) {
	if _, _, ok := s.find(name); !ok {
		s.define(name, load{kind: loadResolve})
	}
}

func (s *symbols) store(name string) {
	s.stores[name] = true
	if s.has(name) {
		return
	}
	s.define(name, s.outer(name, load{kind: loadMissing}))
}

// outer is an alias of the name's variable in the frames around this one, or otherwise l.
func (s *symbols) outer(name string, l load) load {
	if up, slot, ok := s.parent.find(name); ok {
		return load{kind: loadAlias, up: up + 1, from: slot}
	}
	return l
}

// join takes over what the branches of an if did.
func (s *symbols) join(branches ...*symbols) {
	fresh := map[string]bool{}
	for _, b := range branches {
		for name := range b.stores {
			if !s.stored(name) {
				fresh[name] = true
			}
		}
	}
	for _, b := range branches {
		for name := range b.refs {
			s.refs[name] = true
		}
		for name, l := range b.loads {
			s.loads[name] = l
		}
		for name := range b.stores {
			s.stores[name] = true
		}
	}
	for name := range fresh {
		s.define(name, s.outer(name, load{kind: loadResolve}))
	}
}

// scope returns the run-time form.
func (s *symbols) scope() *scope {
	sc := &scope{size: len(s.slots)}
	for _, l := range s.loads {
		if l.kind == loadResolve || l.kind == loadAlias {
			sc.loads = append(sc.loads, l)
		}
	}
	return sc
}

// use notes the names of an expression as read.
func (s *symbols) use(list ...expr) {
	each(list, func(x expr) {
		names(x, false, func(n *nameExpr, _ bool) { s.load(n.name) })
	})
}

// assign notes the names of a target as written.
func (s *symbols) assign(target expr) {
	names(target, true, func(n *nameExpr, store bool) {
		if store {
			s.store(n.name)
		} else {
			s.load(n.name)
		}
	})
}

// params notes the names of a target as set from outside.
func (s *symbols) params(target expr) {
	names(target, true, func(n *nameExpr, _ bool) { s.param(n.name) })
}

// visit analyses the statements of a frame, without those of the frames inside it.
func (s *symbols) visit(body []stmt) {
	for _, st := range body {
		switch st := st.(type) {
		case *outputStmt:
			s.use(st.parts...)
		case *ifStmt:
			s.visitIf(st)
		case *forStmt:
			s.use(st.iter)
		case *setStmt:
			s.use(st.value)
			s.assign(st.target)
		case *setBlockStmt:
			s.assign(st.target)
		case *filterBlockStmt:
			s.use(st.filter)
		case *withStmt:
			s.use(st.values...)
		case *macroStmt:
			s.store(st.target.name)
		case *callBlockStmt:
			if st.call != nil {
				s.use(st.call)
			}
		}
	}
}

func (s *symbols) visitIf(st *ifStmt) {
	s.use(st.tests[0])
	body, elifs, els := s.branch(), s.branch(), s.branch()
	body.visit(st.bodies[0])
	for i := 1; i < len(st.tests); i++ {
		elifs.use(st.tests[i])
		b := elifs.branch()
		b.visit(st.bodies[i])
		elifs.join(b)
	}
	els.visit(st.els)
	s.join(body, elifs, els)
}
