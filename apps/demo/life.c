/*
 * apps/demo/life.c - runner of the one-year story, row by row of life_deeds.c.
 *
 * Every row begins with a leap of all dates (dates.c) and with waiting until the chain has
 * followed: records of a year are made, a month in a few epochs. Meanwhile no score may drop
 * without a cause named by a row, and no member may sign twice or reach another state.
 */
#include "apps/demo/life.h"

#include "apps/client.h"
#include "base/system_clock.h"

#include <stdarg.h>
#include <string.h>
#include <time.h>

enum {
    STEP_MS = 120000,       /* a row in which nothing happens for longer has failed, */
    PATIENCE_EPOCHS = 40,   /* in addition to the time limit of a row, */
    LONG_STEP_EPOCHS = 160, /* or, where newcomers climb to FULL, so many epochs */
    EXCUSED_AFTER = 3,      /* epochs in which a returned member may still lag */
    LATE_MAX = 8,           /* falls of availability alone that a busy machine may cause, */
    LATE_EPOCHS = 8,        /* and one more in so many epochs */
    YEAR_DAYS = 365,
    DAY_MS = 86400000,
};

static struct {
    const struct life_step *steps; /* of the story that is told; NULL: not begun */
    size_t step;
    bool begun, turned; /* of this row: it began; the chain has the new date */
    struct life_turn turn;
    uint64_t began_ms, began_epoch;
    unsigned moved_phase;  /* how far the row was, when it last went on */
    uint32_t moved_before;
    uint64_t moved_ms;
    uint64_t first_date_ms, date_ms;
    uint64_t excused_until[DEMO_PEERS_MAX];
    bool away[DEMO_PEERS_MAX];
    uint64_t scored_epoch;
    uint32_t last_bp[DEMO_PEERS_MAX], last_integrity_bp[DEMO_PEERS_MAX];
    uint32_t drops, unexplained; /* of integrity */
    uint32_t late;               /* evidence that a busy machine was late with */
    char first_fall[96];
    uint32_t bad_news;
    char first_news[96];
    char chapter[DEMO_TEXT];
} life;

/* ------------------------------------------------------------ for the rows */

uint64_t life_epoch(struct demo *demo)
{
    return demo_witness(demo)->now.epoch;
}

const struct demo_member *life_seen(struct demo *demo, uint32_t peer)
{
    return demo_member_of(demo_witness(demo), demo->peers[peer].name);
}

void life_excuse(uint32_t peer)
{
    life.excused_until[peer] = UINT64_MAX;
}

void life_settled(struct demo *demo, uint32_t peer)
{
    life.excused_until[peer] = life_epoch(demo) + EXCUSED_AFTER;
}

void life_away(uint32_t peer, bool away)
{
    life.away[peer] = away;
}

bool life_all_well(struct demo *demo)
{
    for (uint32_t i = 0; i < demo->options.peer_count; i++) {
        const struct demo_reading *now = &demo->peers[i].now;
        if (life.away[i]) continue;
        if (!now->reachable || now->behind || now->epoch + 1 < life_epoch(demo)) return false;
        const struct demo_member *member = life_seen(demo, i);
        if (member == NULL || (member->weight > 0 && !now->voting)) return false;
    }
    return true;
}

bool life_next(struct demo *demo, struct life_turn *turn)
{
    turn->phase++;
    turn->epoch = life_epoch(demo);
    turn->at_ms = assay_monotonic_ms();
    return false;
}

bool life_known(struct life_turn *turn, bool passed, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(turn->figure, sizeof turn->figure, format, args);
    va_end(args);
    turn->passed = passed;
    return true;
}

/* ------------------------------------------------------------ what must never happen */

static void note_fall(struct demo *demo, uint32_t peer, const struct demo_member *member)
{
    const uint64_t closed = life_epoch(demo) - 1;
    const bool explained = closed <= life.excused_until[peer];
    const bool guilty = member->integrity_bp < life.last_integrity_bp[peer];
    life.drops += explained;
    life.late += !explained && !guilty;
    demo_report(demo, closed, member->name, "score_fell", "%u -> %u bp%s: %s",
                (unsigned)life.last_bp[peer], (unsigned)member->score_bp,
                explained ? ""
                : guilty  ? ", WITHOUT A CAUSE"
                          : ", late",
                member->reason);
    if (explained || !guilty || life.unexplained++ > 0) return;
    (void)snprintf(life.first_fall, sizeof life.first_fall, "; first: %s in epoch %llu",
                   member->name, (unsigned long long)closed);
}

static void watch_drops(struct demo *demo)
{
    if (life_epoch(demo) <= life.scored_epoch) return;
    for (uint32_t i = 0; i < demo->options.peer_count; i++) {
        const struct demo_member *member = life_seen(demo, i);
        if (member == NULL) continue;
        if (life.scored_epoch != 0 && member->score_bp < life.last_bp[i])
            note_fall(demo, i, member);
        life.last_bp[i] = member->score_bp;
        life.last_integrity_bp[i] = member->integrity_bp;
    }
    life.scored_epoch = life_epoch(demo);
}

static bool is_one_of(const char *word, const char *const words[])
{
    for (size_t i = 0; words[i] != NULL; i++)
        if (strcmp(words[i], word) == 0) return true;
    return false;
}

static void receive_event(struct demo *demo, struct demo_peer *peer, const struct assay_json *event)
{
    static const char *const bad[] = { "equivocation_noticed", "offence_proven",
                                       "state_root_mismatch", "node_stopped", NULL };
    static const char *const reported[] = { "standing_changed", "change_active", "change_ended",
                                            "change_included", NULL };
    const char *code = assay_json_text(event, "event", "");
    const uint64_t epoch = assay_json_uint(event, "epoch", 0);
    peer->timeline_seq = assay_json_uint(event, "seq", peer->timeline_seq);
    if (is_one_of(code, bad) && life.bad_news++ == 0)
        (void)snprintf(life.first_news, sizeof life.first_news, "; first: %s of %s in epoch %llu",
                       code, peer->name, (unsigned long long)epoch);
    if (is_one_of(code, bad) || (peer == demo_witness(demo) && is_one_of(code, reported)))
        demo_report(demo, epoch, assay_json_text(event, "name", peer->name), code, "%s",
                    assay_json_text(event, "text", ""));
}

static void poll_peer(struct demo *demo, struct demo_peer *peer)
{
    char request[64];
    struct assay_json *document = NULL;
    if (!peer->now.reachable) return;
    (void)snprintf(request, sizeof request, "timeline since=%llu",
                   (unsigned long long)peer->timeline_seq);
    if (assay_client_request(peer->admin, request, 1000, &document) != ASSAY_OK) return;
    const struct assay_json *events = assay_json_get(assay_json_get(document, "data"), "events");
    for (size_t i = 0; i < assay_json_count(events); i++)
        receive_event(demo, peer, assay_json_at(events, i));
    assay_json_free(&document);
}

/* ------------------------------------------------------------ row after row */

static bool is_dated(const struct demo *demo)
{
    return demo->options.story->dated;
}

static void show_chapter(struct demo *demo, const struct life_step *step)
{
    const time_t date_s = (time_t)(life.date_ms / 1000);
    struct tm day;
    char text[32] = "";
    if (is_dated(demo) && life.date_ms != 0 && gmtime_r(&date_s, &day) != NULL)
        (void)strftime(text, sizeof text, "%d %b %Y: ", &day);
    (void)snprintf(life.chapter, sizeof life.chapter, "%s%s", text, step->chapter);
    demo->chapter = life.chapter;
}

static void begin_step(struct demo *demo, const struct life_step *step)
{
    life.begun = true;
    life.turned = false;
    life.turn = (struct life_turn){ 0 };
    life.began_ms = assay_monotonic_ms();
    life.began_epoch = life_epoch(demo);
    demo_dates_forward(step->days);
    if (step->days > 0) life.date_ms += (uint64_t)step->days * DAY_MS;
    show_chapter(demo, step);
    demo_report(demo, life.began_epoch, "all", is_dated(demo) ? "month" : "chapter", "%s",
                life.chapter);
}

/* The chain has the date, and an epoch closed with it. */
static bool has_new_date(struct demo *demo)
{
    const struct demo_reading *now = &demo_witness(demo)->now;
    if (life.step == 0 || !is_dated(demo)) return true;
    return now->head_time_ms >= life.date_ms && now->certified &&
           now->epoch > life.began_epoch + 1 && life_all_well(demo);
}

/* Since when the row has been where it is: on a busy machine it takes longer, and goes on. */
static uint64_t still_since_ms(void)
{
    if (life.turn.phase != life.moved_phase || life.turn.before != life.moved_before) {
        life.moved_phase = life.turn.phase;
        life.moved_before = life.turn.before;
        life.moved_ms = assay_monotonic_ms();
    }
    return life.moved_ms > life.began_ms ? life.moved_ms : life.began_ms;
}

static bool too_late(struct demo *demo, const struct life_step *step)
{
    const uint64_t still_ms = still_since_ms();
    const bool is_usual = step->patience_s == 0 && !step->waits_long;
    const uint64_t bound_ms =
        step->patience_s > 0
            ? (uint64_t)step->patience_s * 1000 + (uint64_t)PATIENCE_EPOCHS * demo->options.epoch_ms
        : step->waits_long ? (uint64_t)LONG_STEP_EPOCHS * demo->options.epoch_ms
                           : STEP_MS;
    if (assay_monotonic_ms() - (is_usual ? still_ms : life.began_ms) <= bound_ms) return false;
    demo_settle(demo_check(demo, step->check), false, "%s, phase %u, after %llu s",
                life.turned ? "waited" : "the chain did not follow the date", life.turn.phase,
                (unsigned long long)bound_ms / 1000);
    return true;
}

static void end_step(struct demo *demo, const struct life_step *step)
{
    demo_settle(demo_check(demo, step->check), life.turn.passed, "%s", life.turn.figure);
    demo_report(demo, life_epoch(demo), "all", life.turn.passed ? "done" : "FAILED", "%s: %s",
                step->check, life.turn.figure);
    if (life.step == 0) life.first_date_ms = demo_witness(demo)->now.head_time_ms;
    life.date_ms = demo_witness(demo)->now.head_time_ms;
    life.step++;
    life.begun = false;
}

/* What does not come to happen stands in the results as well. */
static void take_steps(struct demo *demo, const struct life_step *steps, size_t count)
{
    life.steps = steps;
    for (size_t i = 0; i < count; i++)
        if (!demo->options.brief || !steps[i].waits_long)
            demo_check(demo, steps[i].check)->expected = steps[i].expected;
}

bool life_rows(struct demo *demo, const struct life_step *steps, size_t count, bool *failed)
{
    if (life.steps == NULL) take_steps(demo, steps, count);
    while (demo->options.brief && life.step < count && steps[life.step].waits_long)
        life.step++;
    if (life.step == count) return false;
    const struct life_step *step = &steps[life.step];
    for (uint32_t i = 0; i < demo->options.peer_count; i++)
        poll_peer(demo, &demo->peers[i]);
    watch_drops(demo);
    if (!life.begun) begin_step(demo, step);
    if (!life.turned) {
        life.turned = has_new_date(demo);
        if (life.turned) {
            life.turn.phase = 0;
            life.turn.epoch = life_epoch(demo);
            life.turn.at_ms = assay_monotonic_ms();
        }
    } else if (step->look(demo, &life.turn)) {
        *failed = !life.turn.passed;
        end_step(demo, step);
        return !*failed;
    }
    *failed = too_late(demo, step);
    return !*failed;
}

static bool step_life(struct demo *demo, bool *failed)
{
    return life_rows(demo, life_steps, life_step_count, failed);
}

void life_settle_watched(struct demo *demo, uint32_t late_max)
{
    demo_settle(demo_check(demo, "no score fell without a cause"),
                life.first_date_ms != 0 && life.unexplained == 0 && life.late <= late_max,
                "%u falls explained, %u not%s; %u times evidence was late", life.drops,
                life.unexplained, life.first_fall, life.late);
    demo_settle(demo_check(demo, "nobody signed twice, no state differed, nobody stopped"),
                life.first_date_ms != 0 && life.bad_news == 0, "%u such events%s", life.bad_news,
                life.first_news);
}

static void after_life(struct demo *demo)
{
    const uint64_t days = (life.date_ms - life.first_date_ms) / DAY_MS;
    demo_settle(demo_check(demo, "records of a year stand in the chain"),
                life.step == life_step_count && days >= YEAR_DAYS,
                "%llu days between the first and the last date, %llu epochs",
                (unsigned long long)days, (unsigned long long)life_epoch(demo));
    life_settle_watched(demo, LATE_MAX + (uint32_t)(life_epoch(demo) / LATE_EPOCHS));
    demo_audit_proofs(demo, demo_witness(demo), "every epoch of the year was finalised");
}

/* The newcomer has an operator of its own; the replacement takes over the operator and the vendor
 * of the fourth. */
static void cast_life(struct demo *demo)
{
    demo->operators = LIFE_NEWCOMER + 1;
    demo->peers[LIFE_REPLACEMENT].operator_ = 3;
    demo->peers[LIFE_REPLACEMENT].root = demo->peers[3].root;
}

const struct demo_story demo_story_life = { .name = "life",
                                            .peers = LIFE_FOUNDERS,
                                            .spares = LIFE_SPARES,
                                            .dated = true,
                                            .title = "enclaves live through a year",
                                            .cast = cast_life,
                                            .step = step_life,
                                            .after = after_life };
