/*
 * model/continuity.pml - state continuity (docs/services.md 1): three replicas, two clones of one enclave.
 *
 * A hostile host and network: what was said once is there for ever, and is heard any time, any number of times or
 * never; replicas restart and their memory is gone; two clones run at once, are killed and started again. One update
 * a session, one replacement: model/README.md says what is left out.
 *
 * Settings (-D): S sessions, RESTARTS, READS (confirmed reads), VIEWS (1: no replacement), DRAIN (replica 0 gives its seat
 * to a spare, replica 3, with its memory).
 * Planted faults: NAIVE SEALED NO_PROMISE NO_WRITE_BACK NO_CONFIRM MIX_VIEWS FEW_TABLES NO_FINAL NO_HANDOVER REENTER
 * DRAIN_STAYS.
 */
#ifndef S
#define S 2
#endif
#ifndef RESTARTS
#define RESTARTS 1
#endif
#ifndef VIEWS
#define VIEWS 2
#endif
#ifdef FEW_TABLES
#define TABLES 1
#else
#define TABLES 2
#endif

#ifdef DRAIN
#define N 4
#else
#define N 3
#endif

#define OUT 0 /* modes of a replica */
#define ACTIVE 1
#define FINAL 2
#define DOWN 0 /* phases of an enclave */
#define OPENING 1
#define ADOPTING 2
#define RUN 3
#define UPDATING 4
#define READING 5

/* A state is named by the session that wrote it; 0 is the first of all, and everybody's parent. */
byte promised[N], writer[N], digest[N], mode[N], view[N];
byte key[N];     /* grows with each restart */
byte seat[N];    /* the key that sits in view 1 */
bit decided, started;
bit fin[3];
byte fin_p[3], fin_w[3], fin_d[3];
byte root_p, root_w, root_d;

byte sessions, restarts;
byte released;   /* the newest state of which an output has left */
byte phase[2], session[2], at[2], has[2], before[2];
bit answered[2 * N]; /* of clone c by replica i: N c + i */
byte answer_w[2 * N], answer_d[2 * N];
bit confirmed[2 * N];

/* What was sent and acknowledged, a bit for each session and view; a start adopts, an update appends. */
#define BIT(s, v) (1 << (2 * ((s) - 1) + (v)))
byte opened, starts, updates;
byte ack_start[N], ack_update[N];
byte start_of[S + 1]; /* the state that a session has adopted */

#define MAX(a, b) ((a) > (b) -> (a) : (b))
#ifdef NAIVE
#define SITS(i, v) true
#else
#define SITS(i, v) ((v) == 0 -> key[i] == 0 : key[i] == seat[i])
#endif
#define SERVES(i, v) (mode[i] == ACTIVE && view[i] == (v) && SITS(i, v))
#ifdef MIX_VIEWS
#define HELD(acks, i, s, v) ((acks[i] & (BIT(s, 0) | BIT(s, 1))) != 0)
#else
#define HELD(acks, i, s, v) ((acks[i] & BIT(s, v)) != 0)
#endif
#ifdef DRAIN
#define AND_SPARE(x) + (x)
#else
#define AND_SPARE(x)
#endif
#define QUORUM(acks, s, v) (HELD(acks, 0, s, v) + HELD(acks, 1, s, v) + HELD(acks, 2, s, v) \
    AND_SPARE(HELD(acks, 3, s, v)) >= 2)
/* old is an ancestor of young, or the same */
#define ANCESTOR(old, young) ((old) == 0 || (old) == (young))

inline forget(c)
{
    answered[N * c] = 0; answered[N * c + 1] = 0; answered[N * c + 2] = 0;
    answer_w[N * c] = 0; answer_w[N * c + 1] = 0; answer_w[N * c + 2] = 0;
    answer_d[N * c] = 0; answer_d[N * c + 1] = 0; answer_d[N * c + 2] = 0;
    confirmed[N * c] = 0; confirmed[N * c + 1] = 0; confirmed[N * c + 2] = 0
#ifdef DRAIN
    ; answered[N * c + 3] = 0; answer_w[N * c + 3] = 0; answer_d[N * c + 3] = 0; confirmed[N * c + 3] = 0
#endif
}

inline release(d)
{
    assert(ANCESTOR(released, d) || ANCESTOR(d, released)); /* FORK */
    if
    :: ANCESTOR(released, d) -> released = d
    :: else
    fi
}

/* Acknowledgements that nobody waits for are nobody's: fewer states, the same behaviour. */
#define BOTH(s) (BIT(s, 0) | BIT(s, 1))
inline drop_start(s)
{
    ack_start[0] = ack_start[0] & ~BOTH(s); ack_start[1] = ack_start[1] & ~BOTH(s);
    ack_start[2] = ack_start[2] & ~BOTH(s)
#ifdef DRAIN
    ; ack_start[3] = ack_start[3] & ~BOTH(s)
#endif
}

inline drop_update(s)
{
    ack_update[0] = ack_update[0] & ~BOTH(s); ack_update[1] = ack_update[1] & ~BOTH(s);
    ack_update[2] = ack_update[2] & ~BOTH(s)
#ifdef DRAIN
    ; ack_update[3] = ack_update[3] & ~BOTH(s)
#endif
}

/* An enclave shows its state for the first time. */
inline runs(c)
{
    drop_start(session[c]);
    assert(ANCESTOR(before[c], has[c])); /* LOST */
    before[c] = 0;
    phase[c] = RUN;
    release(has[c])
}

inline restart(i)
{
    restarts++;
#ifdef SEALED
    promised[i] = 0; writer[i] = 0; digest[i] = 0
#else
#ifdef NAIVE
    promised[i] = MAX(promised[(i + 1) % 3], promised[(i + 2) % 3]);
    if
    :: writer[(i + 1) % 3] >= writer[(i + 2) % 3] ->
        writer[i] = writer[(i + 1) % 3]; digest[i] = digest[(i + 1) % 3]
    :: else ->
        writer[i] = writer[(i + 2) % 3]; digest[i] = digest[(i + 2) % 3]
    fi
#else
    key[i]++; mode[i] = OUT; view[i] = 0;
    promised[i] = 0; writer[i] = 0; digest[i] = 0
#endif
#endif
}

/* The tables of i and k, or of i alone when one suffices. */
inline start_view(i, k)
{
    started = 1;
    if
    :: TABLES == 1 -> root_p = fin_p[i]; root_w = fin_w[i]; root_d = fin_d[i]
    :: else ->
        root_p = MAX(fin_p[i], fin_p[k]);
        if
        :: fin_w[i] > fin_w[k] || (fin_w[i] == fin_w[k] && fin_d[i] >= fin_d[k]) ->
            root_w = fin_w[i]; root_d = fin_d[i]
        :: else -> root_w = fin_w[k]; root_d = fin_d[k]
        fi
    fi
#ifdef NO_HANDOVER
    ; root_p = root_w
#endif
    ; fin_p[0] = 0; fin_p[1] = 0; fin_p[2] = 0; fin_w[0] = 0; fin_w[1] = 0; fin_w[2] = 0;
    fin_d[0] = 0; fin_d[1] = 0; fin_d[2] = 0; fin[0] = 0; fin[1] = 0; fin[2] = 0
}

/* --- one line a step; i is a replica, c a clone, s a session, v a view */
#ifdef REENTER
#define MAY_ENTER(i) (mode[i] != FINAL || view[i] == 0)
#else
#define MAY_ENTER(i) (view[i] == 0)
#endif
#ifdef NO_FINAL
#define STAYS(i) true
#else
#define STAYS(i) (mode[i] != ACTIVE || view[i] != 0)
#endif

#define REPLICA(i) \
    :: atomic { restarts < RESTARTS && (i == 0 || RESTARTS > 1) && \
        (mode[i] != OUT || decided && key[i] == seat[i]) -> restart(i) } \
    :: atomic { decided && mode[i] == ACTIVE && view[i] == 0 && key[i] == 0 && !fin[i] && !started -> \
        fin[i] = 1; fin_p[i] = promised[i]; fin_w[i] = writer[i]; fin_d[i] = digest[i]; LEAVE(i) } \
    :: atomic { started && key[i] == seat[i] && MAY_ENTER(i) -> \
        mode[i] = ACTIVE; view[i] = 1; promised[i] = root_p; writer[i] = root_w; digest[i] = root_d }
#ifdef NO_FINAL
#define LEAVE(i) skip
#else
#define LEAVE(i) mode[i] = FINAL; promised[i] = 0; writer[i] = 0; digest[i] = 0 /* the copy is in fin */
#endif

#ifdef NO_PROMISE
#define PROMISES(i, s) true
#define PROMISE(i, s) skip
#define FENCES(i, s) true
#else
#define PROMISES(i, s) ((s) >= promised[i])
#define PROMISE(i, s) promised[i] = s
#define FENCES(i, s) ((s) >= promised[i])
#endif
#define HEARS_OPEN(i, c) \
    :: atomic { phase[c] == OPENING && !answered[N * c + i] && SERVES(i, at[c]) && PROMISES(i, session[c]) -> \
        PROMISE(i, session[c]); answered[N * c + i] = 1; \
        answer_w[N * c + i] = writer[i]; answer_d[N * c + i] = digest[i] }
#define WAITS(how, s) ((session[0] == s && phase[0] == how) || (session[1] == s && phase[1] == how))
/* OPEN of a session that does not wait for it any more still promises. */
#define HEARS(i, s, v) \
    :: atomic { (opened & BIT(s, v)) != 0 && SERVES(i, v) && PROMISES(i, s) && promised[i] < s -> PROMISE(i, s) } \
    :: atomic { (starts & BIT(s, v)) != 0 && SERVES(i, v) && FENCES(i, s) && \
        (writer[i] < s || (WAITS(ADOPTING, s) && (ack_start[i] & BIT(s, v)) == 0)) -> \
        PROMISE(i, s); \
        if :: writer[i] < s -> writer[i] = s; digest[i] = start_of[s] :: else fi; \
        if :: WAITS(ADOPTING, s) -> ack_start[i] = ack_start[i] | BIT(s, v) :: else fi } \
    :: atomic { (updates & BIT(s, v)) != 0 && SERVES(i, v) && FENCES(i, s) && writer[i] == s && \
        (digest[i] != s || (WAITS(UPDATING, s) && (ack_update[i] & BIT(s, v)) == 0)) -> \
        digest[i] = s; \
        if :: WAITS(UPDATING, s) -> ack_update[i] = ack_update[i] | BIT(s, v) :: else fi }
#define HEARS_CONFIRM(i, c) \
    :: atomic { phase[c] == READING && !confirmed[N * c + i] && SERVES(i, at[c]) && promised[i] == session[c] -> \
        confirmed[N * c + i] = 1 }

#define DECIDES(i, k) /* the tables of i and k make the view that two living members vouch for */ \
    :: atomic { decided && !started && fin[i] && (fin[k] || TABLES == 1) && \
        ((key[0] == seat[0]) + (key[1] == seat[1]) + (key[2] == seat[2]) AND_SPARE(key[3] == seat[3]) >= 2) && \
        STAYS(i) && STAYS(k) -> start_view(i, k) }

#define NEWEST(c, i, k) (answer_w[N * c + i] > answer_w[N * c + k] || (answer_w[N * c + i] == answer_w[N * c + k] && \
    answer_d[N * c + i] >= answer_d[N * c + k]))
#ifdef NO_WRITE_BACK
#define BEGINS(c) runs(c)
#else
#define BEGINS(c) skip
#endif
#define FINDS(c, i, k) \
    :: atomic { phase[c] == OPENING && answered[N * c + i] && answered[N * c + k] -> \
        if :: NEWEST(c, i, k) -> has[c] = answer_d[N * c + i] :: else -> has[c] = answer_d[N * c + k] fi; \
        forget(c); start_of[session[c]] = has[c]; starts = starts | BIT(session[c], at[c]); \
        phase[c] = ADOPTING; BEGINS(c) }
#ifdef NO_CONFIRM
#define READS_NOW(c) \
    :: atomic { phase[c] == RUN -> assert(ANCESTOR(released, has[c])) } /* STALE */
#else
#define READS_NOW(c) \
    :: atomic { phase[c] == RUN -> phase[c] = READING; before[c] = released } \
    :: atomic { phase[c] == READING && confirmed[N * c] + confirmed[N * c + 1] + confirmed[N * c + 2] \
        AND_SPARE(confirmed[N * c + 3]) >= 2 -> \
        assert(ANCESTOR(before[c], has[c])); /* STALE */ before[c] = 0; phase[c] = RUN; forget(c) }
#endif
#ifndef READS
#undef READS_NOW
#define READS_NOW(c)
#endif

#define CLONE(c) \
    :: atomic { phase[c] != DOWN -> \
        drop_start(session[c]); drop_update(session[c]); \
        forget(c); phase[c] = DOWN; session[c] = 0; at[c] = 0; has[c] = 0; before[c] = 0 } \
    :: atomic { MAY_START(c) -> STARTS(c, 0) } \
    :: atomic { MAY_START(c) && started -> STARTS(c, 1) } \
    :: atomic { phase[c] == ADOPTING && QUORUM(ack_start, session[c], at[c]) -> runs(c) } \
    :: atomic { phase[c] == RUN && has[c] == 0 -> phase[c] = UPDATING; updates = updates | BIT(session[c], at[c]) } \
    :: atomic { phase[c] == UPDATING && QUORUM(ack_update, session[c], at[c]) -> \
        drop_update(session[c]); \
        has[c] = session[c]; phase[c] = RUN; release(has[c]) } \
    READS_NOW(c) \
    :: atomic { phase[c] != DOWN && at[c] == 0 && started -> \
        forget(c); at[c] = 1; \
        if \
        :: phase[c] == OPENING -> opened = opened | BIT(session[c], 1) \
        :: phase[c] == ADOPTING -> starts = starts | BIT(session[c], 1) \
        :: phase[c] == UPDATING -> starts = starts | BIT(session[c], 1); updates = updates | BIT(session[c], 1) \
        :: phase[c] == READING -> phase[c] = RUN; before[c] = 0 \
        :: else \
        fi }
/* Clones differ in nothing but their names: of two that are down the first starts. */
#define MAY_START(c) (phase[c] == DOWN && sessions < S && (c == 0 || phase[0] != DOWN))
#define STARTS(c, v) \
    sessions++; session[c] = sessions; at[c] = v; phase[c] = OPENING; before[c] = released; \
    opened = opened | BIT(sessions, v)

#define PAIRS_OF_SPARE(step, x) step(x, 0, 3) step(x, 1, 3) step(x, 2, 3)
#define GONE 254 /* a key that nobody has */
#ifdef DRAIN_STAYS
#define DRAINED seat[0] = key[0]
#else
#define DRAINED seat[0] = GONE
#endif
#define EACH(step) step(0) step(1) step(2)
#define PAIRS(step, x) step(x, 0, 1) step(x, 0, 2) step(x, 1, 2)
#define ALL_OF(s) HEARS(0, s, 0) HEARS(1, s, 0) HEARS(2, s, 0) HEARS(0, s, 1) HEARS(1, s, 1) HEARS(2, s, 1)

active proctype world()
{
    atomic {
        mode[0] = ACTIVE; mode[1] = ACTIVE; mode[2] = ACTIVE;
        seat[0] = 255; seat[1] = 255; seat[2] = 255
#ifdef DRAIN
        ; seat[3] = 255; key[3] = 9
#endif
    }
end:
    do
    EACH(REPLICA)
#ifdef DRAIN
    REPLICA(3)
    :: atomic { !decided -> decided = 1; DRAINED; seat[1] = key[1]; seat[2] = key[2]; seat[3] = key[3] }
    HEARS_OPEN(3, 0) HEARS_OPEN(3, 1)
    HEARS(3, 1, 1) HEARS(3, 2, 1)
    PAIRS_OF_SPARE(FINDS, 0) PAIRS_OF_SPARE(FINDS, 1)
#ifdef READS
    HEARS_CONFIRM(3, 0) HEARS_CONFIRM(3, 1)
#endif
#endif
#if VIEWS > 1
    /* A seat that was lost is replaced by the same machine's new key. With one restart it is replica 0's: the
     * others are alike. */
    :: atomic { !decided && key[0] + key[1] + key[2] > 0 ->
        decided = 1; seat[0] = key[0]; seat[1] = key[1]; seat[2] = key[2] }
    DECIDES(0, 1) DECIDES(0, 2) DECIDES(1, 2)
#ifdef FEW_TABLES
    DECIDES(1, 0) DECIDES(2, 0) DECIDES(2, 1)
#endif
#endif
    HEARS_OPEN(0, 0) HEARS_OPEN(1, 0) HEARS_OPEN(2, 0)
    HEARS_OPEN(0, 1) HEARS_OPEN(1, 1) HEARS_OPEN(2, 1)
    ALL_OF(1) ALL_OF(2)
#if S > 2
    ALL_OF(3)
#endif
#ifdef READS
    HEARS_CONFIRM(0, 0) HEARS_CONFIRM(1, 0) HEARS_CONFIRM(2, 0)
    HEARS_CONFIRM(0, 1) HEARS_CONFIRM(1, 1) HEARS_CONFIRM(2, 1)
#endif
    PAIRS(FINDS, 0) PAIRS(FINDS, 1)
    CLONE(0) CLONE(1)
    od
}
