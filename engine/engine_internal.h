/*
 * engine/engine_internal.h - the engine as a whole: its parts, and what every file of it may see.
 *
 * One machine in parts. A part belongs to the one file that its header names, which alone changes
 * it (through e->parts); everybody else reads it through the const pointer of the same name. The
 * compiler holds the one, a tidy rule the other: `parts->NAME` stands in the
 * file of that part and nowhere else.
 *
 * output.c    effects of the step              head.c       state after the last close, voters
 * settle.c    final blocks, closing            branch.c     which blocks are valid
 * offer.c     what to propose, and when        verifying.c  verdicts known and asked for
 * seat.c      who sent what in this epoch      evidence.c   verdicts judge seats
 * want.c      FAIL and E5 to be made           gather.c     envelopes and records of peers
 * epoch.c     attest, judge, ballot            own.c        own keys
 * catchup.c   asking for the past              restore.c    coming back after a crash
 * leap.c      over many epochs at once         era.c         the end of an era
 * vouch.c   who says to have taken a RECOVER
 * services.c  registry of services, own records of them
 * have.c      what neighbours hold, and what is asked of them
 *
 * Without a part: engine.c (memory), step.c (control flow), order.c, look.c. blocks, simplex and
 * pool are machines of their own behind their headers.
 */
#ifndef ASSAY_ENGINE_ENGINE_INTERNAL_H
#define ASSAY_ENGINE_ENGINE_INTERNAL_H

#include "base/assert.h"
#include "base/checked.h"
#include "engine/branch.h"
#include "engine/catchup.h"
#include "engine/clock.h"
#include "engine/vouch.h"
#include "engine/consensus/simplex.h"
#include "engine/engine.h"
#include "engine/epoch.h"
#include "engine/era.h"
#include "engine/evidence.h"
#include "engine/gather.h"
#include "engine/have.h"
#include "engine/head.h"
#include "engine/leap.h"
#include "engine/ledger/fold.h"
#include "engine/ledger/row.h"
#include "engine/offer.h"
#include "engine/output.h"
#include "engine/own.h"
#include "engine/pool.h"
#include "engine/restore.h"
#include "engine/seat.h"
#include "engine/services.h"
#include "engine/settle.h"
#include "engine/sync.h"
#include "engine/verifying.h"
#include "engine/want.h"

/* part: its owner */
/* What a close keeps of decisions: a change, and collateral. */
enum {
    ASSAY_DECISIONS_LEN_MAX =
        ASSAY_CHANGE_RECORD_LEN_MAX + ASSAY_UPDATES_EPOCH_MAX * (ASSAY_UPDATE_RECORD_LEN_MAX + 16)
};

struct assay_parts {
    struct assay_output output;       /* output.c */
    struct assay_head head;           /* head.c */
    struct assay_chain chain;         /* settle.c */
    struct assay_branch branch;       /* branch.c */
    struct assay_offer offer;         /* offer.c */
    struct assay_verifying verifying; /* verifying.c */
    struct assay_seat *seats;         /* seat.c: [members] */
    struct assay_appraisal evidence;  /* evidence.c */
    struct assay_wants wants;         /* want.c */
    struct assay_gathering gather;    /* gather.c */
    struct assay_having having;       /* have.c */
    struct assay_run run;             /* epoch.c */
    struct assay_own own;             /* own.c */
    struct assay_syncing sync;        /* catchup.c */
    struct assay_leap leap;           /* leap.c */
    struct assay_ending ending;       /* era.c */
    struct assay_vouching vouching; /* vouch.c */
    struct assay_progress life;       /* restore.c */
    struct assay_serving serving;     /* services.c */
};

struct assay_engine {
    const struct assay_genesis *genesis; /* or the charter in force */
    assay_document_check *document_check;
    const struct assay_updates *updates;
    const struct assay_services *services; /* NULL: the network has none */
    assay_plan_follow *plan_follow;
    uint32_t members;
    uint16_t self;
    uint64_t history_epochs;
    uint32_t level; /* the highest feature level that this build speaks */
    bool newcomer; /* oneself is the last slot, and in no state that is known (9.6.3) */
    uint8_t verifier_digest[32];

    /* The step (step.c). */
    uint64_t now_ms, at_unix_ms;
    uint64_t refused[16];

    struct assay_parts *parts; /* for owners */
    const struct assay_output *output;
    const struct assay_head *head;
    const struct assay_chain *chain;
    const struct assay_branch *branch;
    const struct assay_offer *offer;
    const struct assay_verifying *verifying;
    const struct assay_seat *seats;
    const struct assay_appraisal *evidence;
    const struct assay_wants *wants;
    const struct assay_gathering *gather;
    const struct assay_having *having;
    const struct assay_run *run;
    const struct assay_own *own;
    const struct assay_syncing *sync;
    const struct assay_leap *leap;
    const struct assay_ending *ending;
    const struct assay_vouching *vouching;
    const struct assay_progress *life;
    const struct assay_serving *serving;

    struct assay_blocks *blocks;
    struct assay_simplex *simplex;
    struct assay_pool *pool;
    struct assay_simplex_actions *actions;
};

/* Returns: T of the network. */
uint64_t assay_eng_epoch_ms(const struct assay_engine *e);
/* Returns: the next peer in turn, never oneself; ASSAY_SLOT_ALL when there is none. */
uint16_t assay_eng_peer(const struct assay_engine *e, uint32_t turn);
/* Returns: how many others serve. */
uint32_t assay_eng_peers(const struct assay_engine *e);
/* order.c: orders for the own agent, from the head. Returns: nothing. */
void assay_order_derive(struct assay_engine *e);

#endif
