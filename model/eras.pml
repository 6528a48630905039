/*
 * model/eras.pml - the end of an era (docs/protocol.md 9.11 to 9.17) around a boundary that replaces
 * the operators and one of the voters: four honest members and a traitor, K heights of the old era.
 *
 * Agreement inside an era is the matter of simplex.pml: here each height of the old era has one
 * block, and what differs is which heights are final, which nodes know that, and which RECOVER a
 * node takes. Asynchronous: a node learns a final block, a fence or a RECOVER at any time or never.
 * The traitor (a quarter of both tables) has signed every F, hides it from every answer, claims any
 * final head, and says to every node that it took whichever RECOVER is there.
 *
 * Operators A decide up to the block of height C, operators B from there on. A is honest until that
 * block is final, and then it signs anything. B has NO operators, of which FAULTY sign twice; a
 * RECOVER needs NEED of them. Members 0, 1, 2 vote up to C; 1, 2, 3 above it.
 *
 * Settings (-D): K heights (to 4), C, NO, NEED, FAULTY, LOST: how many stores are lost, FORCED:
 * RECOVER by more than a third of the weight, whose F and a third are no quorum; those who did not
 * answer are gone, with the votes that have not arrived by then. LATE: but the traitor has kept their votes. STAY: they go on.
 * REMAINS: a RECOVER of replaced operators reaches a node that obeys their fence and has answered.
 * BEYOND: only what holds without any bound is asserted.
 * Planted faults: OPERATORS_ALONE STORED_ANSWERS CONFIRMED_BY_FEW BELOW_THE_HEAD OLD_VOTERS ANY_FENCE
 * BY_A_THIRD SILENT_FORGOTTEN LIARS_FORGOTTEN UNPROVEN FENCE_FORGOTTEN FENCED_VOTES OUTLIVES
 * ENDS_FOR_ALL STRIKES_RELAYER LISTED_AGAIN SAID_BY_ANYBODY. REACHES: what must be reachable, by number.
 */
#ifndef K
#define K 2
#endif
#ifndef C
#define C 1
#endif
#ifndef NO
#define NO 7
#endif
#ifndef NEED
#define NEED 5 /* max(threshold, floor(2 NO / 3) + 1) */
#endif
#ifndef FAULTY
#define FAULTY 2
#endif
#ifndef LOST
#define LOST 0
#endif

#define QUORUM(w) (3 * (w) > 2 * 4)
#define THIRD(w) (3 * (w) > 4)

/* Members 0..2 are those of table 0, members 1..3 those of table 1. */
#define A 0
#define B 1
#define MEMBER(table, j) ((table) + (j))
#define OPERATORS_AT(height) ((height) < C -> A : B)

/* Of a member: F by height; its final head; the fence that it obeys (0 none, 1 of A, 2 of B); what
 * it answered to the fence of A and of B (0: nothing; 1 + head); which RECOVER it took. The F that
 * an answer shows are those of today: none follows it, but above C and not before a RELEASE. */
byte f[4], head[4], fenced[4], answer[8], taken[4];
bit lost[4], released[4], gone[4];
byte losses;
/* RECOVERs: 1 of honest A, 2 of A once it is replaced, 3 and 4 of B. 0: none; else 1 + its parent. */
byte recover[5];

#define ANSWER(o, i) answer[2 * (i) + (o)]
#define HEAD_OF(a) ((a) - 1)

#define VOTED(i, h) ((f[i] >> ((h) - 1)) & 1)
#define VOTES(h) (1 + VOTED(1, h) + VOTED(2, h) + ((h) <= C -> VOTED(0, h) : VOTED(3, h)))
#ifdef OLD_VOTERS
#define BY_VOTES(h) ((h) <= K && (QUORUM(VOTES(h)) || QUORUM(1 + VOTED(0, h) + VOTED(1, h) + VOTED(2, h))))
#else
#define BY_VOTES(h) ((h) <= K && QUORUM(VOTES(h)))
#endif
#define FINAL(h) ((h) == 0 || ((h) <= 1 && BY_VOTES(1)) || ((h) <= 2 && BY_VOTES(2)) || ((h) <= 3 && BY_VOTES(3)) || ((h) <= 4 && BY_VOTES(4)))

/* --- what must hold */

hidden byte i1, i2;
#ifdef BEYOND
#define HOLDS(what) skip
#else
#define HOLDS(what) assert(what)
#endif
#define PARENT(k) (recover[k] - 1)

/* rules-next 1: no two honest nodes hold different final blocks of a height. */
inline agreement()
{
    i1 = 0;
    do
    :: i1 > 3 -> break
    :: else ->
        i2 = 0;
        do
        :: i2 > 3 -> break
        :: else ->
            /* FORK: two eras of one number, or one beside the era before it. */
            HOLDS(i1 == i2 || gone[i1] || gone[i2] || taken[i1] == 0 || taken[i2] == taken[i1] || (taken[i2] == 0 && head[i2] <= PARENT(taken[i1])));
            i2++
        od;
        /* SILENCED: replaced operators bind nobody who knows that they are and has not answered. */
        assert(fenced[i1] != 1 || head[i1] < C || answer[2 * i1] > 0);
        i1++
    od;
    i1 = 0; i2 = 0;
#ifdef REACHES
#if REACHES == 1 /* the era of the old operators, on two nodes */
    assert(taken[0] != 1 || taken[1] != 1);
#elif REACHES == 2 /* that of the new ones with a block behind the boundary, on all three */
    assert(recover[3] != C + 2 || taken[1] != 3 || taken[2] != 3 || taken[3] != 3);
#elif REACHES == 3 /* one that was away finds the era by what others took */
    assert(taken[1] != 3 || answer[3] > 0);
#elif REACHES == 4 /* an answer to replaced operators is released, and its member votes again */
    assert(!released[1] || !VOTED(1, C + 1));
#elif REACHES == 5 /* replaced operators sign one on stored answers */
    assert(recover[2] == 0);
#endif
#endif
}

/* Members 1 and 2 differ in nothing but their names. */
#define ORDER(i) (f[i] | head[i] << 4 | fenced[i] << 7 | ANSWER(A, i) << 9 | ANSWER(B, i) << 12 | taken[i] << 15 | lost[i] << 18 | released[i] << 19 | gone[i] << 20)
/* What decides nothing any more: F and answers of before, once the boundary is final. */
#define UP_TO_C ((1 << C) - 1)
#define OVER(i) f[i] = f[i] | UP_TO_C; if :: ANSWER(A, i) > 1 -> ANSWER(A, i) = 1 :: else fi
#define DONE(i) if :: taken[i] > 0 || gone[i] -> fenced[i] = 0; head[i] = 0; lost[i] = 0 :: else fi
#define SWAP(x, y) i1 = x; x = y; y = i1
inline settle()
{
    agreement();
    if
    :: FINAL(C) -> OVER(0); OVER(1); OVER(2)
    :: else
    fi;
    DONE(0); DONE(1); DONE(2); DONE(3);
#ifndef REACHES
    if
    :: ORDER(1) > ORDER(2) ->
        SWAP(f[1], f[2]); SWAP(head[1], head[2]); SWAP(fenced[1], fenced[2]);
        SWAP(answer[2], answer[4]); SWAP(answer[3], answer[5]); SWAP(taken[1], taken[2]);
        SWAP(lost[1], lost[2]); SWAP(released[1], released[2]); SWAP(gone[1], gone[2])
    :: else
    fi;
#endif
    i1 = 0
}

/* --- the old era goes on */

#define ACTS(i) (taken[i] == 0 && !gone[i])
#ifdef FENCED_VOTES
#define MAY_SIGN(i) true
#else
#define MAY_SIGN(i) (fenced[i] == 0)
#endif
#if defined(FENCED_VOTES) || defined(FENCE_FORGOTTEN)
#define UNNOTICED(i) true
#else
#define UNNOTICED(i) ((ANSWER(A, i) == 0 || released[i]) && ANSWER(B, i) == 0)
#endif
/* Above C who knows that C is final; a store that was lost votes no more (2.6). UNNOTICED: a vote
 * of an era that follows an answer (9.12.2). */
#define VOTE(i, h) \
    :: d_step { (h) <= K && ACTS(i) && !lost[i] && MAY_SIGN(i) && VOTED(i, h) == 0 && (h) > head[i] && ((h) <= C -> !FINAL(C) : head[i] >= C) -> \
        assert(UNNOTICED(i)); \
        f[i] = f[i] | 1 << ((h) - 1); settle() }

#ifdef OUTLIVES
#define FENCE_ENDS(i) false
#else
#ifdef ENDS_FOR_ALL
#define FENCE_ENDS(i) true
#else
#define FENCE_ENDS(i) (ANSWER(A, i) == 0)
#endif
#endif
#define LEARN(i, h) \
    :: d_step { (h) <= K && ((h) <= C || (i) > 0) && ACTS(i) && (h) > head[i] && FINAL(h) -> \
        head[i] = h; \
        if :: fenced[i] == 1 && (h) >= C && FENCE_ENDS(i) -> fenced[i] = 0 :: else fi; \
        settle() }
#define LOSE(i) \
    :: d_step { losses < LOST && ACTS(i) && !lost[i] -> \
        losses++; lost[i] = 1; head[i] = 0; fenced[i] = 0; settle() }

/* --- FENCE, ANSWER, RELEASE. By the operators in force at the receiver's head (9.12.1). */

/* LISTED_AGAIN: those in force above C are the same people, under the same document (9.6.4). */
#ifdef LISTED_AGAIN
#define A_IN_FORCE(i) true
#else
#define A_IN_FORCE(i) (head[i] < C)
#endif
#define FENCE_OF_A(i) :: d_step { ACTS(i) && fenced[i] == 0 && A_IN_FORCE(i) && ANSWER(A, i) == 0 -> fenced[i] = 1; settle() }
#define FENCE_OF_B(i) :: d_step { ACTS(i) && fenced[i] == 0 && head[i] >= C -> fenced[i] = 2; settle() }
/* Once: a later answer can only name a higher head. Of new keys it weighs nothing (9.13). */
#define GIVE(i, o) :: d_step { ACTS(i) && !lost[i] && fenced[i] == (o) + 1 && ANSWER(o, i) == 0 -> ANSWER(o, i) = 1 + head[i]; settle() }
#define RELEASE(i) :: d_step { ACTS(i) && fenced[i] == 1 && head[i] >= C && ANSWER(A, i) > 0 -> fenced[i] = 0; released[i] = 1; settle() }
/* Its last epoch is over (9.12.4): at any time, here. */
#define LAPSE(i) :: d_step { ACTS(i) && ((fenced[i] == 1 && ANSWER(A, i) == 0) || (fenced[i] == 2 && ANSWER(B, i) == 0)) -> fenced[i] = 0; settle() }
#ifdef FENCE_FORGOTTEN
#define FORGET(i) :: d_step { ACTS(i) && fenced[i] == 2 -> fenced[i] = 0; settle() }
#else
#define FORGET(i)
#endif
#ifdef STRIKES_RELAYER
#define STRIKE assert(false)
#else
#define STRIKE skip
#endif
/* RELAYER: who passes a fence on may be behind, and is never struck for it. */
#define RELAY(i, j) :: d_step { fenced[i] == 1 && ACTS(j) && head[j] >= C -> STRIKE; settle() }

/* --- RECOVER: a draft on the answers of a set s of the three honest members of table o. */

#ifdef ANY_FENCE
#define USED(o, i) (ANSWER(o, i) > 0 -> ANSWER(o, i) : ANSWER(A, i))
#else
#define USED(o, i) ANSWER(o, i)
#endif
#define IN(s, j) (((s) >> (j)) & 1)
#define COUNT(s) (IN(s, 0) + IN(s, 1) + IN(s, 2))
#define USES(o, j) USED(o, MEMBER(o, j))
#define GIVEN(o, s, j) (!IN(s, j) || USES(o, j) > 0)
#define UP_TO(o, s, j, p) (!IN(s, j) || HEAD_OF(USES(o, j)) <= (p))
#ifdef ANY_FENCE
#define SHOWS(o, i, h) (ANSWER(o, i) > 0 && VOTED(i, h))
#else
#define SHOWS(o, i, h) VOTED(i, h)
#endif
#define SHOWN(o, s, j, h) (IN(s, j) -> SHOWS(o, MEMBER(o, j), h) : 0)
#ifdef SILENT_FORGOTTEN
#define SILENT(s) 0
#else
#define SILENT(s) (3 - COUNT(s))
#endif
#ifdef LIARS_FORGOTTEN
#define HIDES 0
#else
#define HIDES 1 /* less than a third */
#endif
#define SURE(o, s, p, silent) (!DOUBT(o, s, p, 1, silent) && !DOUBT(o, s, p, 2, silent) && !DOUBT(o, s, p, 3, silent) && !DOUBT(o, s, p, 4, silent))
#define DOUBT(o, s, p, h, silent) ((h) > (p) && (h) <= ((o) == A -> C : K) && QUORUM(SHOWN(o, s, 0, h) + SHOWN(o, s, 1, h) + SHOWN(o, s, 2, h) + (silent) + HIDES))
#define CERTAIN(o, s, p) (QUORUM(COUNT(s) + 1) && SURE(o, s, p, SILENT(s)))
#ifdef FORCED
#define ENOUGH(o, s, p) (THIRD(COUNT(s) + 1) && SURE(o, s, p, 0))
#else
#ifdef BY_A_THIRD
#define ENOUGH(o, s, p) THIRD(COUNT(s) + 1)
#else
#define ENOUGH(o, s, p) CERTAIN(o, s, p)
#endif
#endif
#if defined(FORCED) && !defined(STAY)
#ifdef LATE
#define GO(i, p) gone[i] = 1
#define ARRIVED(o, s, j, p) true
#else
#define GO(i, p) gone[i] = 1; f[i] = f[i] & ((1 << (p)) - 1)
#define ARRIVED(o, s, j, p) (!IN(s, j) || head[MEMBER(o, j)] <= (p))
#endif
#define PART(o, s, p) \
    if :: !((o) == A && IN(s, 0)) -> GO(0, p) :: else fi; \
    if :: !((o) == A -> IN(s, 1) : IN(s, 0)) -> GO(1, p) :: else fi; \
    if :: !((o) == A -> IN(s, 2) : IN(s, 1)) -> GO(2, p) :: else fi; \
    if :: !((o) == B && IN(s, 2)) -> GO(3, p) :: else fi;
#else
#define ARRIVED(o, s, j, p) true
#define PART(o, s, p)
#endif
#ifdef UNPROVEN
#define PROVEN(h) true
#else
#define PROVEN(h) FINAL(h)
#endif
/* NOWHERE: a parent that is not final can be drafted on by nobody. */
#define DRAFT(k, o, s, p) \
    :: d_step { recover[k] == 0 && (p) <= K && ((o) == B || !FINAL(C)) && GIVEN(o, s, 0) && GIVEN(o, s, 1) && GIVEN(o, s, 2) && \
        UP_TO(o, s, 0, p) && UP_TO(o, s, 1, p) && UP_TO(o, s, 2, p) && PROVEN(p) && \
        ARRIVED(o, s, 0, p) && ARRIVED(o, s, 1, p) && ARRIVED(o, s, 2, p) && ENOUGH(o, s, p) -> \
        assert(FINAL(p)); recover[k] = 1 + (p); PART(o, s, p) settle() }
#define DRAFTS(k, o, p) DRAFT(k, o, 1, p) DRAFT(k, o, 2, p) DRAFT(k, o, 3, p) DRAFT(k, o, 4, p) DRAFT(k, o, 5, p) DRAFT(k, o, 6, p) DRAFT(k, o, 7, p)
#ifdef OPERATORS_ALONE
#define GROUNDED true
#else
#define GROUNDED (ANSWER(A, 0) > 0 || ANSWER(A, 1) > 0 || ANSWER(A, 2) > 0) /* and the traitor's: 3 * 2 > 4 */
#endif
#define REPLACED(p) :: d_step { recover[2] == 0 && FINAL(C) && GROUNDED -> recover[2] = 1 + (p); settle() }

/* --- which node takes it (9.16, 9.16.5) */

#define TOOK(k, i) (taken[i] == (k) && !gone[i])
/* SAID_BY_ANYBODY: the traitor speaks for all, as where nothing is signed for who asks (9.16.7). */
#if defined(CONFIRMED_BY_FEW)
#define CONFIRMED(k, p) true
#elif defined(SAID_BY_ANYBODY)
#define CONFIRMED(k, p) THIRD(4)
#else
#define CONFIRMED(k, p) (THIRD(1 + ((p) < C -> TOOK(k, 0) : TOOK(k, 3)) + TOOK(k, 1) + TOOK(k, 2)))
#endif
#ifdef REMAINS
#define OBEYS_IN_BOUNDS(k) true
#else
#define OBEYS_IN_BOUNDS(k) ((k) != 2)
#endif
#if defined(STORED_ANSWERS) || defined(OPERATORS_ALONE)
#define VOUCHED(k, i, p) true
#else
#define VOUCHED(k, i, p) ((OBEYS_IN_BOUNDS(k) && fenced[i] == OPERATORS_AT(p) + 1 && ANSWER(OPERATORS_AT(p), i) > 0) || CONFIRMED(k, p))
#endif
#ifdef BELOW_THE_HEAD
#define AT_PARENT(i, p) (head[i] >= (p))
#else
#define AT_PARENT(i, p) (head[i] == (p))
#endif
/* UNDONE: what is final to a node is never replaced by another block (9.16). */
#define TAKE(i, k, p) :: d_step { recover[k] == 1 + (p) && ACTS(i) && AT_PARENT(i, p) && VOUCHED(k, i, p) -> assert(head[i] <= p); taken[i] = k; settle() }
#define TAKES_OLD(i) TAKE(i, 1, 0) TAKE(i, 2, 0) TAKES_OLD_TOO(i)
#define TAKES_NEW(i) TAKE(i, 3, C) TAKE(i, 3, C + 1) TAKE(i, 4, C) TAKE(i, 4, C + 1) TAKES_NEW_TOO(i)
#if C > 1
#define TAKES_OLD_TOO(i) TAKE(i, 1, 1) TAKE(i, 2, 1)
#else
#define TAKES_OLD_TOO(i)
#endif
#if K > C + 1
#define TAKES_NEW_TOO(i) TAKE(i, 3, C + 2) TAKE(i, 4, C + 2)
#else
#define TAKES_NEW_TOO(i)
#endif

#define FENCES(i) FENCE_OF_A(i) GIVE(i, A) RELEASE(i) TAKES_OLD(i) LOSE(i)
#define BEHIND(i) VOTE(i, C + 1) FENCE_OF_B(i) GIVE(i, B) TAKES_NEW(i) FORGET(i)
#define LEARNS(i) LEARN(i, 1) LEARN(i, 2) LEARN(i, 3) LEARN(i, 4)

active proctype network()
{
end:
    do
    VOTE(0, 1) VOTE(1, 1) VOTE(2, 1)
#if C > 1
    VOTE(0, 2) VOTE(1, 2) VOTE(2, 2)
#endif
#if K > C + 1
    VOTE(1, C + 2) VOTE(2, C + 2) VOTE(3, C + 2)
#endif
#ifdef OLD_VOTERS
    VOTE(0, C + 1)
#endif
    FENCES(0) FENCES(1) FENCES(2)
    LAPSE(0) LAPSE(1) LAPSE(2) LAPSE(3)
    BEHIND(1) BEHIND(2) BEHIND(3)
    LEARNS(0) LEARNS(1) LEARNS(2)
    LEARN(3, C) LEARN(3, C + 1) LEARN(3, C + 2)
#ifdef STRIKES_RELAYER
    RELAY(0, 1) RELAY(1, 2)
#endif
    DRAFTS(1, A, 0)
    DRAFTS(3, B, C) DRAFTS(3, B, C + 1)
    REPLACED(0)
#if C > 1
    DRAFTS(1, A, 1)
    REPLACED(1)
#endif
#if K > C + 1
    DRAFTS(3, B, C + 2)
#endif
#if 2 * NEED <= NO + FAULTY /* two of one era need operators that sign twice (9.15.1) */
    DRAFTS(4, B, C) DRAFTS(4, B, C + 1)
#endif
    od
}
