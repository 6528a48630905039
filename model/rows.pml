/*
 * model/rows.pml - rows of instances in the ledger (docs/services.md 1.2): births, KEEP, expiry, leases, RETIRE and
 * one RECOVER, for one instance whose enclave runs as two processes.
 *
 * A hostile host starts and kills processes, hands them any state that was sealed, and submits records late or twice.
 * The quorum of replicas is one memory here: continuity.pml is about what happens between them. The instance was born
 * in era 0 and epoch 0. State 0 is nothing, state 1 is the first that is certified.
 *
 * Settings (-D): EPOCHS, WINDOW (of births), LEASE (none: no lease), SESSIONS (numbered at most), RECOVERS.
 * Planted faults: BORN_ANY_TIME BORN_ANY_ERA NO_KEEP FORGETS_EARLY LEASE_FIRST NUMBERS_WITHOUT_ERA KEPT_EXPIRES
 * FROM_NOTHING REVIVES.
 */
#ifndef EPOCHS
#define EPOCHS 4
#endif
#ifndef WINDOW
#define WINDOW 1
#endif
#ifndef SESSIONS
#define SESSIONS 3
#endif

#define NONE 0 /* rows */
#define PROVISIONAL 1
#define KEPT 2
#define RETIRED 3
#define DOWN 0 /* processes */
#define ASKED 1
#define NUMBERED 2
#define RUNS 3
#define OVER_FOR_EVER 4 /* until it is killed */

/* The ledger. A number is n of its era: 4 era + n. */
byte epoch, era, row, last, used, numbered;
/* What a RECOVER goes back to. */
bit marked;
byte mark_row, mark_last, mark_used;
/* What a quorum of replicas remembers, and which session it knows to be final. Without a promise there is no entry. */
byte known, promised, state;
bit written; /* some session has adopted it */
bit receipt; /* signed once: it can be submitted at any time */
/* Processes. */
byte phase[2], number[2], has[2];
bit kept[2];  /* it has seen its row kept */
int given;    /* numbers, a bit each */
bit released; /* an output of state 1 has left */

#ifdef NUMBERS_WITHOUT_ERA
#define NEXT (last + 1)
#else
#define NEXT ((last > 4 * era -> last : 4 * era) + 1)
#endif
#ifdef BORN_ANY_TIME
#define IN_TIME true
#else
#define IN_TIME (epoch <= WINDOW)
#endif
#ifdef BORN_ANY_ERA
#define OF_ERA true
#else
#define OF_ERA (era == 0)
#endif
#ifdef LEASE
#define LAPSED (row == KEPT && epoch - used > LEASE)
#else
#define LAPSED false
#endif
#ifdef KEPT_EXPIRES
#define BY_TIME true
#else
#define BY_TIME (row == PROVISIONAL)
#endif
#ifdef LEASE_FIRST
#define OVER (LAPSED || ((BY_TIME || row == RETIRED) && epoch > WINDOW))
#else
#define OVER ((BY_TIME || row == RETIRED || LAPSED) && epoch > WINDOW)
#endif

#define ERA(n) ((n) / 4)
#ifdef FROM_NOTHING
#define AFTER_BIRTH(n) false
#else
#define AFTER_BIRTH(n) (ERA(n) > 0)
#endif

inline close_epoch()
{
    epoch++;
    if
    :: row != NONE && OVER ->
        /* EXPIRED: what was shown to somebody is dropped by time, though nobody chose that. */
        assert(!released || era > 0 || row == RETIRED || LAPSED);
        row = NONE; last = 0; used = 0
    :: else
    fi
}

inline give(p)
{
    assert((given & (1 << number[p])) == 0); /* TWICE: one number, two processes */
    given = given | (1 << number[p]);
    last = number[p]; used = epoch; numbered++;
    phase[p] = NUMBERED
}

/* An entry that nobody wrote may be one that was forgotten: of an era after its birth nothing starts from it. */
inline starts(p)
{
    if
    :: !written && AFTER_BIRTH(number[p]) -> phase[p] = OVER_FOR_EVER
    :: else ->
        assert(state == 1 || !released); /* LOST: it begins with nothing */
        has[p] = state; written = 1;
        phase[p] = RUNS
    fi;
    promised = number[p]
}

#define PROCESS(p) \
    :: atomic { phase[p] == DOWN && numbered < SESSIONS -> number[p] = NEXT; phase[p] = ASKED } \
    :: atomic { phase[p] == ASKED && row == NONE && IN_TIME && OF_ERA && number[p] == NEXT && \
        numbered < SESSIONS -> row = PROVISIONAL; give(p) } \
    :: atomic { phase[p] == ASKED && (row == PROVISIONAL || row == KEPT) && number[p] == NEXT && \
        numbered < SESSIONS -> give(p) } \
    :: atomic { phase[p] == NUMBERED && number[p] <= known && number[p] >= promised && HAS_ENTRY(p) -> starts(p) } \
    :: atomic { phase[p] == RUNS && promised == 0 && number[p] <= known && HAS_ENTRY(p) -> \
        promised = number[p]; state = has[p]; written = 1 } /* what it has certified, to replicas that lag */ \
    :: atomic { phase[p] == RUNS && has[p] == 0 && promised == number[p] && known > 0 -> \
        assert(!released); /* FORK: of another state 1 an output has left */ \
        state = 1; has[p] = 1; receipt = 1 } \
    :: atomic { phase[p] == RUNS && row == KEPT && !kept[p] -> kept[p] = 1 } \
    :: atomic { phase[p] == RUNS && has[p] == 1 && !released && MAY_SHOW(p) -> released = 1 } \
    :: atomic { phase[p] == RUNS && number[p] == last && row == KEPT -> row = RETIRED } \
    :: atomic { phase[p] != DOWN -> phase[p] = DOWN; number[p] = 0; has[p] = 0; kept[p] = 0 }
#ifdef REVIVES
#define HAS_ENTRY(p) true
#else
#define HAS_ENTRY(p) (promised > 0 || ERA(number[p]) == era)
#endif
#ifdef NO_KEEP
#define MAY_SHOW(p) true
#else
#define MAY_SHOW(p) kept[p]
#endif
#ifdef FORGETS_EARLY
#define MAY_FORGET true
#else
#define MAY_FORGET (row == NONE)
#endif

active proctype world()
{
end:
    do
    :: atomic { epoch < EPOCHS -> close_epoch() }
    :: atomic { receipt && row == PROVISIONAL -> row = KEPT; used = epoch }
#ifdef LEASE
    :: atomic { row == KEPT && state == 1 && used < epoch -> used = epoch } /* a newer state is shown */
#endif
    :: atomic { row != NONE && last > known -> known = last } /* replicas follow the ledger */
    :: atomic { MAY_FORGET && known > 0 -> known = 0; promised = 0; state = 0; written = 0 }
#ifdef RECOVERS
    :: atomic { !marked && era == 0 -> marked = 1; mark_row = row; mark_last = last; mark_used = used }
    :: atomic { marked && era == 0 -> \
        era = 1; row = mark_row; last = mark_last; used = mark_used; marked = 0; \
        mark_row = 0; mark_last = 0; mark_used = 0 }
#endif
    PROCESS(0)
    PROCESS(1)
    od
}
