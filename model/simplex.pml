/*
 * model/simplex.pml - weighted Simplex (docs/protocol.md 5) with three honest voters and a traitor.
 *
 * Asynchronous: who has received what is left open, so an honest voter may act on any certificate
 * that could exist, at any time or never. The traitor has signed everything: its weight counts in
 * every quorum, for both blocks of a view that it leads. model/README.md says what is left out.
 *
 * Settings (-D): V views, W0 W1 W2 weights of the honest, W3 of the traitor, FIRST: leader(v) is
 * voter (FIRST + v - 1) mod 4. EQUAL: W0 = W1 = W2, states are taken up to exchange of the honest.
 * CRASHES: how often an honest voter may stop and come back with what is on its disk.
 * RANGES: X over views 1 to RANGES at once, one bit more in each word; NO_SINGLE: by no other way.
 * Planted faults: RANGE_AFTER_F F_AFTER_RANGE RANGE_BY_THIRD QUORUM_SMALL X_AFTER_F F_AFTER_X N_AFTER_X TWO_N NO_NULLS NO_PARENT
 * NO_BARRIER.
 */
#ifndef V
#define V 3
#endif
#ifndef FIRST
#define FIRST 3
#endif
#ifndef W0
#define W0 1
#define W1 1
#define W2 1
#define W3 1
#define EQUAL
#endif
#ifndef CRASHES
#define CRASHES 0
#endif

#define WEIGHT (W0 + W1 + W2 + W3)
#ifdef QUORUM_SMALL
#define Q(x) (3 * ((x) + 1) > 2 * WEIGHT)
#else
#define Q(x) (3 * (x) > 2 * WEIGHT)
#endif

/*
 * One word a voter, five bits a view: N of block 1, N of block 2, X, F of block 1, F of block 2.
 * Both bits of N in what a voter knows: it casts no N there.
 */
#define AT(v) (5 * ((v) - 1))
#define N_OF(word, v) (((word) >> AT(v)) & 3)
#define X_OF(word, v) (((word) >> (AT(v) + 2)) & 1)
#define F_OF(word, v) (((word) >> (AT(v) + 3)) & 3)
#ifdef RANGES
#define RANGE_BIT (5 * V)
#define R_OF(word, v) ((v) <= RANGES && (((word) >> RANGE_BIT) & 1) == 1)
#else
#define R_OF(word, v) false
#endif

int sent[3];   /* what the network has of each honest voter */
#if CRASHES > 0
int known[3];  /* what the voter itself knows that it sent */
byte crashes;
#define KNOWN known
#else
#define KNOWN sent
#endif
/*
 * Block b (1, 2) of view v: 0 not proposed, else 1 + 2 * view + block - 1 of its parent; 1: the
 * base.
 */
byte parent[2 * V];
#define PARENT(v, b) parent[2 * ((v) - 1) + (b) - 1]
#define VIEW(p) (((p) - 1) / 2)
#define BLOCK(p) (((p) - 1) % 2 + 1)
#define NAME(v, b) (1 + 2 * (v) + (b) - 1)

/* Weights behind a certificate, the traitor's included. */
#define SUM(test0, test1, test2) (W3 + (test0 -> W0 : 0) + (test1 -> W1 : 0) + (test2 -> W2 : 0))
#define NOTARISED(v, b) Q(SUM((N_OF(sent[0], v) & (b)), (N_OF(sent[1], v) & (b)), (N_OF(sent[2], v) & (b))))
#define SINGLE(v) Q(SUM((X_OF(sent[0], v) == 1), (X_OF(sent[1], v) == 1), (X_OF(sent[2], v) == 1)))
#ifdef RANGES
/* One certificate of the range stands for each of its views; the two kinds are never added up. */
#ifdef RANGE_BY_THIRD
#define WHOLE(v) (3 * SUM(R_OF(sent[0], v), R_OF(sent[1], v), R_OF(sent[2], v)) > WEIGHT)
#else
#define WHOLE(v) Q(SUM(R_OF(sent[0], v), R_OF(sent[1], v), R_OF(sent[2], v)))
#endif
#define NULLIFIED(v) (SINGLE(v) || ((v) <= RANGES && WHOLE(v)))
#else
#define NULLIFIED(v) SINGLE(v)
#endif
#define FINAL(v, b) Q(SUM((F_OF(sent[0], v) & (b)), (F_OF(sent[1], v) & (b)), (F_OF(sent[2], v) & (b))))

#ifdef NO_PARENT
#define PARENT_PROVEN(p) true
#else
#define PARENT_PROVEN(p) (VIEW(p) == 0 || NOTARISED(VIEW(p), BLOCK(p)))
#endif
/* Nullifications of every view between. */
#ifdef NO_NULLS
#define SKIPPED(p, v) true
#else
#define SKIP(s, p, v) ((s) <= VIEW(p) || (s) >= (v) || NULLIFIED(s))
#if V == 2
#define SKIPPED(p, v) SKIP(1, p, v)
#elif V == 3
#define SKIPPED(p, v) (SKIP(1, p, v) && SKIP(2, p, v))
#elif V == 4
#define SKIPPED(p, v) (SKIP(1, p, v) && SKIP(2, p, v) && SKIP(3, p, v))
#else
#define SKIPPED(p, v) (SKIP(1, p, v) && SKIP(2, p, v) && SKIP(3, p, v) && SKIP(4, p, v))
#endif
#endif

/* --- the rules of an honest voter */

#ifdef TWO_N
#define FIRST_N(i, v, b) ((N_OF(KNOWN[i], v) & (b)) == 0)
#define OWN_N(i, v, b) (N_OF(KNOWN[i], v) & (b))
#else
#define FIRST_N(i, v, b) (N_OF(KNOWN[i], v) == 0)
#define OWN_N(i, v, b) (N_OF(KNOWN[i], v) == (b))
#endif
#ifdef N_AFTER_X
#define N_IN_TIME(i, v) true
#else
#define N_IN_TIME(i, v) (X_OF(KNOWN[i], v) == 0)
#endif
#define MAY_N(i, v, b) (PARENT(v, b) > 0 && FIRST_N(i, v, b) && N_IN_TIME(i, v) && PARENT_PROVEN(PARENT(v, b)) && SKIPPED(PARENT(v, b), v))
#ifdef F_AFTER_X
#define F_IN_TIME(i, v) true
#else
#ifdef F_AFTER_RANGE
#define F_IN_TIME(i, v) (X_OF(KNOWN[i], v) == 0)
#else
#define F_IN_TIME(i, v) (X_OF(KNOWN[i], v) == 0 && !R_OF(KNOWN[i], v))
#endif
#endif
#define MAY_F(i, v, b) (OWN_N(i, v, b) && F_OF(KNOWN[i], v) == 0 && F_IN_TIME(i, v) && NOTARISED(v, b))
#ifdef X_AFTER_F
#define X_IN_TIME(i, v) true
#else
#define X_IN_TIME(i, v) (F_OF(KNOWN[i], v) == 0)
#endif
#ifdef NO_SINGLE
#define SINGLY(v) false
#else
#define SINGLY(v) true
#endif
#define MAY_X(i, v) (SINGLY(v) && X_OF(KNOWN[i], v) == 0 && X_IN_TIME(i, v))

#ifdef RANGES
/* Who has sent no F in the range, and (F_IN_TIME) will send none. */
#ifdef RANGE_AFTER_F
#define MAY_R(i) (!R_OF(KNOWN[i], 1))
#else
#define MAY_R(i) (!R_OF(KNOWN[i], 1) && F_OF(KNOWN[i], 1) == 0 && (RANGES < 2 || F_OF(KNOWN[i], 2) == 0))
#endif
#endif

/* --- what must hold */

hidden byte v1, v2, b1, b2, at;
hidden int word;

/*
 * Two final blocks are one chain: docs/protocol.md 5.7: two that conflict convict more than a
 * third.
 */
inline agreement() {
    v1 = 1;
    do
    :: v1 > V -> break
    :: else ->
        b1 = 1;
        do
        :: b1 > 2 -> break
        :: else ->
            v2 = v1;
            do
            :: v2 > V || !FINAL(v1, b1) -> break
            :: else ->
                b2 = 1;
                do
                :: b2 > 2 -> break
                :: else ->
                    if
                    :: FINAL(v2, b2) ->
                        at = NAME(v2, b2);
                        do
                        :: VIEW(at) > v1 -> at = PARENT(VIEW(at), BLOCK(at))
                        :: else -> break
                        od;
                        assert(at == NAME(v1, b1))
                    :: else
                    fi;
                    b2++
                od;
                v2++
            od;
            b1++
        od;
        v1++
    od
}

/* The three honest voters differ in nothing but their names. */
inline sort() {
#ifdef EQUAL
    if
    :: sent[0] > sent[1] -> word = sent[0]; sent[0] = sent[1]; sent[1] = word;
#if CRASHES > 0
       word = known[0]; known[0] = known[1]; known[1] = word;
#endif
    :: else
    fi;
    if
    :: sent[1] > sent[2] -> word = sent[1]; sent[1] = sent[2]; sent[2] = word;
#if CRASHES > 0
       word = known[1]; known[1] = known[2]; known[2] = word;
#endif
    :: else
    fi;
    if
    :: sent[0] > sent[1] -> word = sent[0]; sent[0] = sent[1]; sent[1] = word;
#if CRASHES > 0
       word = known[0]; known[0] = known[1]; known[1] = word;
#endif
    :: else
    fi;
#endif
    v1 = 0; v2 = 0; b1 = 0; b2 = 0; at = 0; word = 0
}

#if CRASHES > 0
#define SET(i, bits) sent[i] = sent[i] | (bits); known[i] = known[i] | (bits)
#else
#define SET(i, bits) sent[i] = sent[i] | (bits)
#endif
#define CAST_N(i, v, b) :: d_step { MAY_N(i, v, b) -> SET(i, (b) << AT(v)); DISCIPLINE_N(i, v) sort() }
#define CAST_X(i, v) :: d_step { MAY_X(i, v) -> SET(i, 1 << (AT(v) + 2)); sort() }
#define CAST_F(i, v, b) :: d_step { MAY_F(i, v, b) -> SET(i, (b) << (AT(v) + 3)); agreement(); sort() }
#ifdef DISCIPLINE
#define DISCIPLINE_N(i, v) assert(X_OF(sent[i], v) == 0);
#else
#define DISCIPLINE_N(i, v)
#endif

#ifdef RANGES
#define CAST_R(i) :: d_step { MAY_R(i) -> SET(i, 1 << RANGE_BIT); sort() }
#define CAST_RANGES CAST_R(0) CAST_R(1) CAST_R(2)
#else
#define CAST_RANGES
#endif

#define CASTS(i, v) CAST_N(i, v, 1) CAST_N(i, v, 2) CAST_X(i, v) CAST_F(i, v, 1) CAST_F(i, v, 2)

/*
 * --- proposals: by an honest leader one, by the traitor two, each on a parent that voters accept
 */

#define TRAITOR_LEADS(v) ((FIRST + (v) - 1) % 4 == 3)
#define PROPOSE(v, b, p) :: d_step { PARENT(v, b) == 0 && ((b) == 1 || (TRAITOR_LEADS(v) && PARENT(v, 1) > 0)) && (VIEW(p) == 0 || PARENT(VIEW(p), BLOCK(p)) > 0) && PARENT_PROVEN(p) && SKIPPED(p, v) -> PARENT(v, b) = p }
#define PROPOSALS(v, p) PROPOSE(v, 1, p) PROPOSE(v, 2, p)

#if CRASHES > 0
/* docs/protocol.md 2.4: up to the highest view that its log holds a vote of, a resumed voter casts
 * neither N nor F. (What it asks its peers narrows that further; nobody need answer.) */
#define RESUME(i, log) \
    known[i] = log; at = V; \
    do \
    :: at == 0 -> break \
    :: else -> if :: (known[i] >> AT(at)) > 0 -> known[i] = known[i] | (3 << AT(at)) | FLOOR_BELOW(at) ; break :: else -> at-- fi \
    od
#define FLOOR_BELOW(v) ((v) > 1 -> 3 << AT(1) : 0) | ((v) > 2 -> 3 << AT(2) : 0) | ((v) > 3 -> 3 << AT(3) : 0)
#ifdef NO_BARRIER
/* The last vote was sent and is not on the disk. */
#define LOSE(i, bits) :: d_step { crashes < CRASHES && (sent[i] & (bits)) > 0 -> crashes++; RESUME(i, sent[i] & ~(bits)); sort() }
#define LOSSES(i, v) LOSE(i, 3 << AT(v)) LOSE(i, 1 << (AT(v) + 2)) LOSE(i, 3 << (AT(v) + 3))
#else
#define LOSSES(i, v)
#endif
#define CRASH(i) :: d_step { crashes < CRASHES -> crashes++; RESUME(i, sent[i]); sort() }
#endif

active proctype network() {
end:
    do
    CAST_RANGES
    CASTS(0, 1) CASTS(1, 1) CASTS(2, 1)
    CASTS(0, 2) CASTS(1, 2) CASTS(2, 2)
    PROPOSALS(1, 1)
    PROPOSALS(2, 1) PROPOSALS(2, NAME(1, 1)) PROPOSALS(2, NAME(1, 2))
#if V >= 3
    CASTS(0, 3) CASTS(1, 3) CASTS(2, 3)
    PROPOSALS(3, 1) PROPOSALS(3, NAME(1, 1)) PROPOSALS(3, NAME(1, 2))
    PROPOSALS(3, NAME(2, 1)) PROPOSALS(3, NAME(2, 2))
#endif
#if V >= 4
    CASTS(0, 4) CASTS(1, 4) CASTS(2, 4)
    PROPOSALS(4, 1) PROPOSALS(4, NAME(1, 1)) PROPOSALS(4, NAME(1, 2))
    PROPOSALS(4, NAME(2, 1)) PROPOSALS(4, NAME(2, 2))
    PROPOSALS(4, NAME(3, 1)) PROPOSALS(4, NAME(3, 2))
#endif
#if CRASHES > 0
    CRASH(0) CRASH(1) CRASH(2)
    LOSSES(0, 1) LOSSES(1, 1) LOSSES(2, 1)
    LOSSES(0, 2) LOSSES(1, 2) LOSSES(2, 2)
#endif
    od
}
