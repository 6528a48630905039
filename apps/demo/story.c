/*
 * apps/demo/story.c - scripted faults of the demo network and their expected outcomes.
 *
 *   1 tamper   the enclave of peer-1 is swapped for another build
 *   2 slander  peer-2 votes FAIL hard on good evidence, once
 *   3 kill     peer-3 dies by SIGKILL and comes back
 *   4 replay   a stranger, then peer-4 itself, replays a recorded quote
 *
 * Chapters overlap: the way back of peer-1 takes 94 epochs, the others happen meanwhile. Each
 * chapter is
 * a small machine that looks at what the witness (a peer that nothing is done to) says. Falls of a
 * score
 * are collected for every member; the ones that no chapter explains fail the story.
 */
#include "apps/demo/demo.h"

#include "apps/client.h"
#include "base/assert.h"
#include "base/system_clock.h"
#include "engine/engine.h"

#include <stdlib.h>
#include <string.h>

enum {
    TAMPERED = 0,
    SLANDERER = 1,
    KILLED = 2,
    REPLAYER = 3,
    SLANDERED = 4,      /* the subject of the slander */
    QUIET_EPOCHS = 3,   /* everyone FULL for so long before anything is done */
    SUSPENDED_IN = 2,   /* epochs from the first tampered quote */
    DOWN_EPOCHS = 2,    /* how long the killed peer stays down */
    STEP_BP = 100,      /* U of a first offence (docs/protocol.md 7.6) */
    CLIMB_MIN = 94,     /* epochs from listing to FULL */
    CLIMB_MAX = 120,    /* when ballots are lost */
    STORY_EPOCHS = 360, /* 3 minutes at 500 ms */
    DROPS_MAX = 256,
};

struct fall {
    uint64_t epoch;
    uint32_t member, from_bp, to_bp;
};

struct story {
    uint64_t first_epoch; /* everyone FULL since */
    uint64_t begun_ms;
    uint64_t scored_epoch; /* of the last reading that was looked at for falls */
    uint32_t last_bp[DEMO_PEERS_MAX];
    size_t fall_count;
    struct fall drops[DROPS_MAX];
    int tamper_phase, slander_phase, kill_phase, replay_phase;
    uint64_t swapped, suspended, listed, full; /* epochs of chapter 1 */
    uint64_t climb_epoch, climb_steps,
        climb_waits; /* the last look, epochs that rose, that waited */
    uint32_t climb_bp;
    bool climb_broken;
    uint64_t slandered, convicted;
    uint64_t killed, restarted, caught_up;
    uint64_t strangers_before, stranger_epoch, replayed;
    uint64_t foreign; /* number of peers that reported peer-4's evidence as not for this epoch */
};

static struct story story;

static bool is_byzantine(uint32_t index)
{
    return index == SLANDERER || index == REPLAYER;
}

/* The checks of this story by the number of its act. */
enum trial_check {
    CHECK_PROVEN,
    CHECK_SUSPENDED,
    CHECK_DENIED,
    CHECK_REFUSED,
    CHECK_RESTARTED,
    CHECK_CLIMBS,
    CHECK_CONVICTED,
    CHECK_UNHARMED,
    CHECK_RESUMED,
    CHECK_CAUGHT_UP,
    CHECK_FULL_AGAIN,
    CHECK_SIGNED_ONCE,
    CHECK_STRANGER,
    CHECK_REPLAY,
    CHECK_COUNT,
};

static const char *const check_names[CHECK_COUNT] = {
    [CHECK_PROVEN] = "1 the tampered enclave is proven FAIL hard",
    [CHECK_SUSPENDED] = "1 it is SUSPENDED within two epochs",
    [CHECK_DENIED] = "1 `assay permit` denies it all work",
    [CHECK_REFUSED] = "1 peers refuse it service",
    [CHECK_RESTARTED] = "1 its agent restarts the right build",
    [CHECK_CLIMBS] = "1 its score climbs back, linear, to FULL",
    [CHECK_CONVICTED] = "2 the slander is proven by E5",
    [CHECK_UNHARMED] = "2 nobody's score falls but the slanderer's",
    [CHECK_RESUMED] = "3 the killed peer resumes its incarnation",
    [CHECK_CAUGHT_UP] = "3 it catches up",
    [CHECK_FULL_AGAIN] = "3 it is FULL again, same incarnation",
    [CHECK_SIGNED_ONCE] = "3 it has signed nothing twice",
    [CHECK_STRANGER] = "4 a stranger's replay is refused before a word",
    [CHECK_REPLAY] = "4 a member's replay counts as missing",
};

static struct demo_check *check_of(struct demo *demo, enum trial_check check)
{
    ASSAY_ASSERT(check < CHECK_COUNT);
    return demo_check(demo, check_names[check]);
}

/* ------------------------------------------------------------ looking */

/* The member as the witness sees it; names are peer-N. */
static const struct demo_member *find_member(struct demo *demo, uint32_t index)
{
    return demo_member_of(demo_witness(demo), demo->peers[index].name);
}

static bool has_standing(const struct demo_member *member, const char *standing)
{
    return member != NULL && strcmp(member->standing, standing) == 0;
}

static uint64_t epoch_now(struct demo *demo)
{
    return demo_witness(demo)->now.epoch;
}

static bool everyone_full(struct demo *demo)
{
    for (uint32_t i = 0; i < demo->options.peer_count; i++) {
        const struct demo_reading *now = &demo->peers[i].now;
        if (!now->reachable || !now->voting || now->behind ||
            !has_standing(find_member(demo, i), "FULL"))
            return false;
    }
    return true;
}

/* Every fall of every score, once an epoch. */
static void watch_drops(struct demo *demo)
{
    const uint64_t epoch = epoch_now(demo);
    if (epoch <= story.scored_epoch) return;
    for (uint32_t i = 0; i < demo->options.peer_count; i++) {
        const struct demo_member *member = find_member(demo, i);
        if (member == NULL) continue;
        if (story.scored_epoch != 0 && member->score_bp < story.last_bp[i] &&
            story.fall_count < DROPS_MAX)
            story.drops[story.fall_count++] =
                (struct fall){ epoch - 1, i, story.last_bp[i], member->score_bp };
        if (story.scored_epoch != 0 && member->score_bp < story.last_bp[i])
            demo_report(demo, epoch - 1, member->name, "score_fell", "%u -> %u bp: %s",
                        (unsigned)story.last_bp[i], (unsigned)member->score_bp, member->reason);
        story.last_bp[i] = member->score_bp;
    }
    story.scored_epoch = epoch;
}

/* Notes of any peer that the live view shows. */
static bool worth_telling(const char *event)
{
    static const char *const words[] = { "standing_changed",
                                         "fail_proven",
                                         "offence_proven",
                                         "incarnation_listed",
                                         "resumed",
                                         "caught_up",
                                         "state_root_mismatch",
                                         "equivocation_noticed",
                                         "evidence_not_for_this_epoch" };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i], event) == 0) return true;
    return false;
}

static void receive_event(struct demo *demo, struct demo_peer *peer, const struct assay_json *event)
{
    const char *code = assay_json_text(event, "event", "");
    const char *name = assay_json_text(event, "name", "");
    const uint64_t epoch = assay_json_uint(event, "epoch", 0), a = assay_json_uint(event, "a", 0);
    const bool witness = peer == demo_witness(demo);
    const bool about_itself = strcmp(code, "resumed") == 0 || strcmp(code, "caught_up") == 0;
    const struct demo_peer *guilty = &demo->peers[SLANDERER];
    peer->timeline_seq = assay_json_uint(event, "seq", peer->timeline_seq);

    if (worth_telling(code) && (witness || about_itself))
        demo_report(demo, epoch, about_itself ? peer->name : name, code, "%s",
                    assay_json_text(event, "text", ""));
    if (witness && strcmp(code, "offence_proven") == 0 && a == 5 && strcmp(name, guilty->name) == 0)
        story.convicted = epoch;
    if (witness && strcmp(code, "fail_proven") == 0 &&
        strcmp(name, demo->peers[TAMPERED].name) == 0 && story.swapped != 0)
        demo_settle(check_of(demo, CHECK_PROVEN), a == ASSAY_OUTCOME_FAIL_HARD,
                    "epoch %llu, swapped in epoch %llu", (unsigned long long)epoch,
                    (unsigned long long)story.swapped);
    if (strcmp(code, "evidence_not_for_this_epoch") == 0 && story.replayed != 0 &&
        strcmp(name, demo->peers[REPLAYER].name) == 0)
        story.foreign++;
    if (peer->index == KILLED && story.restarted != 0 && strcmp(code, "resumed") == 0)
        demo_settle(check_of(demo, CHECK_RESUMED), true, "epoch %llu", (unsigned long long)epoch);
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

/* ------------------------------------------------------------ deeds */

static bool command_traitor(const struct demo_peer *peer, const char *command)
{
    char path[PATH_MAX + 32];
    (void)snprintf(path, sizeof path, "%s/command", peer->dir);
    FILE *file = fopen(path, "we");
    if (file == NULL) return false;
    const bool written = fputs(command, file) >= 0;
    return fclose(file) == 0 && written;
}

/* `assay permit`, as an operator would ask. Returns: exit status. */
static int run_permit(struct demo *demo, struct demo_peer *peer, const char *class_)
{
    char program[PATH_MAX + 16], verb[] = "permit", option[] = "--class", class_text[16];
    char socket[] = "--socket", path[PATH_MAX];
    (void)snprintf(program, sizeof program, "%s/assay", demo->bin);
    (void)snprintf(class_text, sizeof class_text, "%s", class_);
    (void)snprintf(path, sizeof path, "%s", peer->admin);
    char *argv[] = { program, verb, option, class_text, socket, path, NULL };
    return demo_run(demo, peer->log, argv);
}

static uint64_t counted_by_others(struct demo *demo, uint32_t except, const char *counter)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < demo->options.peer_count; i++)
        if (i != except) sum += demo_peer_counter(&demo->peers[i], counter);
    return sum;
}

/* ------------------------------------------------------------ chapter 1: the tampered enclave */

static void log_climb(struct demo *demo, const struct demo_member *member)
{
    const uint64_t epoch = epoch_now(demo);
    if (epoch == story.climb_epoch) return;
    const uint64_t passed = epoch - story.climb_epoch;
    const uint32_t risen = member->integrity_bp - story.climb_bp;
    if (member->integrity_bp < story.climb_bp || risen % STEP_BP != 0 || risen / STEP_BP > passed) {
        if (member->integrity_bp != ASSAY_SCORE_BP_MAX) story.climb_broken = true;
    }
    story.climb_steps += risen / STEP_BP;
    story.climb_waits += passed > risen / STEP_BP ? passed - risen / STEP_BP : 0;
    story.climb_epoch = epoch;
    story.climb_bp = member->integrity_bp;
}

static void log_suspension(struct demo *demo, struct demo_peer *peer)
{
    story.suspended = epoch_now(demo) - 1; /* the epoch whose close suspended it */
    demo_report(demo, story.suspended, peer->name, "SUSPENDED", "by the close of this epoch");
    demo_settle(check_of(demo, CHECK_SUSPENDED), story.suspended <= story.swapped + SUSPENDED_IN,
                "swapped in epoch %llu, SUSPENDED by the close of epoch %llu",
                (unsigned long long)story.swapped, (unsigned long long)story.suspended);
    const int normal = run_permit(demo, peer, "normal"),
              critical = run_permit(demo, peer, "critical");
    demo_settle(check_of(demo, CHECK_DENIED), normal == 4 && critical == 4, "exit status %d and %d",
                normal, critical);
}

static void log_listing(struct demo *demo, struct demo_peer *peer, const struct demo_member *member)
{
    char good[65];
    assay_hex_encode(demo->good_measurement, 32, good, sizeof good);
    story.listed = epoch_now(demo) - 1;
    story.climb_epoch = epoch_now(demo);
    story.climb_bp = member->integrity_bp;
    demo_settle(check_of(demo, CHECK_RESTARTED),
                strcmp(peer->now.measurement, good) == 0 && member->incarnation == 2,
                "incarnation %u listed by epoch %llu", (unsigned)member->incarnation,
                (unsigned long long)story.listed);
}

static void settle_climb(struct demo *demo)
{
    story.full = epoch_now(demo) - 1;
    const uint64_t took = story.full - story.listed;
    demo_settle(
        check_of(demo, CHECK_CLIMBS), !story.climb_broken && took >= CLIMB_MIN && took <= CLIMB_MAX,
        "%llu epochs from listing, +%d bp an epoch, %llu waited%s", (unsigned long long)took,
        STEP_BP, (unsigned long long)story.climb_waits, story.climb_broken ? ", NOT linear" : "");
}

/* Service of a suspended member: refused by its peers, frame by frame, and counted. */
static void watch_refusals(struct demo *demo)
{
    const uint64_t refused = counted_by_others(demo, TAMPERED, "service_refused_suspended");
    if (refused > 0)
        demo_settle(check_of(demo, CHECK_REFUSED), true, "%llu service requests refused",
                    (unsigned long long)refused);
}

static void step_tamper(struct demo *demo)
{
    struct demo_peer *peer = &demo->peers[TAMPERED];
    const struct demo_member *member = find_member(demo, TAMPERED);
    switch (story.tamper_phase) {
    case 0:
        demo->chapter = "1. the enclave of peer-1 is swapped for a tampered build";
        if (!demo_peer_swap_enclave(demo, peer)) return;
        story.swapped = epoch_now(demo);
        demo_report(demo, story.swapped, peer->name, "tampered", "its enclave was swapped");
        break;
    case 1:
        if (!has_standing(member, "SUSPENDED")) return;
        log_suspension(demo, peer);
        break;
    case 2:
        watch_refusals(demo);
        if (member == NULL || member->incarnation < 2 || !peer->now.reachable) return;
        log_listing(demo, peer, member);
        break;
    case 3:
        watch_refusals(demo);
        if (member == NULL) return;
        log_climb(demo, member);
        if (!has_standing(member, "FULL")) return;
        settle_climb(demo);
        break;
    default: return;
    }
    story.tamper_phase++;
}

/* ------------------------------------------------------------ chapter 2: the slanderer */

static void settle_slander(struct demo *demo, const struct demo_member *member)
{
    uint32_t others = 0;
    for (size_t i = 0; i < story.fall_count; i++)
        if (story.drops[i].epoch >= story.slandered && story.drops[i].member != SLANDERER &&
            story.drops[i].member != TAMPERED)
            others++;
    demo_settle(check_of(demo, CHECK_CONVICTED), true, "cast in epoch %llu, proven in epoch %llu",
                (unsigned long long)story.slandered, (unsigned long long)story.convicted);
    demo_settle(check_of(demo, CHECK_UNHARMED), others == 0, "its integrity %u bp, %u others fell",
                (unsigned)member->integrity_bp, (unsigned)others);
}

static void step_slander(struct demo *demo)
{
    const struct demo_member *member = find_member(demo, SLANDERER),
                             *victim = find_member(demo, SLANDERED);
    char command[32];
    switch (story.slander_phase) {
    case 0:
        if (story.tamper_phase < 3 || epoch_now(demo) < story.listed + 3 || victim == NULL) return;
        demo->chapter = "2. peer-2 votes FAIL hard on the good evidence of peer-5";
        (void)snprintf(command, sizeof command, "slander %u\n", (unsigned)victim->slot);
        if (!command_traitor(&demo->peers[SLANDERER], command)) return;
        story.slandered = epoch_now(demo);
        demo_report(demo, story.slandered, "peer-2", "slanders", "FAIL hard on %s", victim->name);
        break;
    case 1:
        if (story.convicted == 0 || member == NULL || member->integrity_bp > 7500 + 3 * STEP_BP)
            return;
        if (epoch_now(demo) < story.convicted + 3) return;
        settle_slander(demo, member);
        break;
    default: return;
    }
    story.slander_phase++;
}

/* ------------------------------------------------------------ chapter 3: the killed peer */

static void step_kill(struct demo *demo)
{
    struct demo_peer *peer = &demo->peers[KILLED];
    const uint64_t epoch = epoch_now(demo);
    switch (story.kill_phase) {
    case 0:
        if (story.slander_phase < 2) return;
        demo->chapter = "3. peer-3 is killed and comes back";
        demo_peer_kill(peer);
        story.killed = epoch;
        demo_report(demo, epoch, peer->name, "killed", "SIGKILL");
        if (!demo_audit_before(demo, peer))
            demo_settle(check_of(demo, CHECK_SIGNED_ONCE), false,
                        "its store could not be read after the kill");
        break;
    case 1:
        if (epoch < story.killed + DOWN_EPOCHS) return;
        if (!demo_peer_start(demo, peer)) return;
        story.restarted = epoch;
        demo_report(demo, epoch, peer->name, "restarted", "from its store");
        break;
    case 2:
        if (!peer->now.reachable || !peer->now.voting || peer->now.behind) return;
        if (peer->now.epoch + 1 < epoch) return;
        story.caught_up = epoch;
        demo_settle(check_of(demo, CHECK_CAUGHT_UP), true, "killed in epoch %llu, voting in %llu",
                    (unsigned long long)story.killed, (unsigned long long)epoch);
        break;
    case 3:
        if (!has_standing(find_member(demo, KILLED), "FULL")) return;
        demo_settle(check_of(demo, CHECK_FULL_AGAIN), find_member(demo, KILLED)->incarnation == 1,
                    "epoch %llu, incarnation %u", (unsigned long long)epoch,
                    (unsigned)find_member(demo, KILLED)->incarnation);
        break;
    default: return;
    }
    story.kill_phase++;
}

/* ------------------------------------------------------------ chapter 4: the replays */

static bool stranger_replays(struct demo *demo)
{
    char program[sizeof demo->cast + 32], address[64], bootstrap[65], quote[PATH_MAX + 32];
    char chain[PATH_MAX + 16];
    struct demo_peer *target = demo_witness(demo);
    (void)snprintf(program, sizeof program, "%s/assay-stranger", demo->cast);
    (void)snprintf(address, sizeof address, "tcp://127.0.0.1:%u", target->port);
    (void)snprintf(quote, sizeof quote, "%s/command.quote", demo->peers[REPLAYER].dir);
    (void)snprintf(chain, sizeof chain, "%s/genesis", demo->dir);
    (void)snprintf(bootstrap, sizeof bootstrap, "%s", target->name);
    char *argv[] = { program, chain, bootstrap, address, quote, NULL };
    return demo_run(demo, target->log, argv) == 0;
}

static void settle_stranger(struct demo *demo)
{
    const uint64_t refused = demo_peer_counter(demo_witness(demo), "handshake_refused_stranger") -
                             story.strangers_before;
    demo_settle(check_of(demo, CHECK_STRANGER), refused > 0, "%llu handshakes refused and counted",
                (unsigned long long)refused);
}

static void step_replay(struct demo *demo)
{
    const struct demo_member *member = find_member(demo, REPLAYER);
    switch (story.replay_phase) {
    case 0:
        if (story.kill_phase < 4) return;
        demo->chapter = "4. a recorded quote is replayed by a stranger, then by peer-4 itself";
        story.strangers_before =
            demo_peer_counter(demo_witness(demo), "handshake_refused_stranger");
        story.stranger_epoch = epoch_now(demo);
        demo_report(demo, story.stranger_epoch, "stranger", "replays",
                    "a recorded quote of peer-4");
        if (!stranger_replays(demo)) {
            demo_settle(check_of(demo, CHECK_STRANGER), false,
                        "the stranger was answered, or could not run");
        }
        settle_stranger(demo);
        break;
    case 1:
        if (!command_traitor(&demo->peers[REPLAYER], "replay\n")) return;
        story.replayed = epoch_now(demo);
        demo_report(demo, story.replayed, "peer-4", "replays", "its quote of the epoch before");
        break;
    case 2:
        if (member == NULL || member->availability_bp == ASSAY_SCORE_BP_MAX) return;
        demo_settle(check_of(demo, CHECK_REPLAY),
                    member->integrity_bp == ASSAY_SCORE_BP_MAX && story.foreign > 0,
                    "availability %u bp, integrity %u bp, %llu peers said why",
                    (unsigned)member->availability_bp, (unsigned)member->integrity_bp,
                    (unsigned long long)story.foreign);
        break;
    case 3:
        if (!has_standing(member, "FULL")) return;
        break;
    default: return;
    }
    story.replay_phase++;
}

/* ------------------------------------------------------------ the whole */

static bool is_over(struct demo *demo)
{
    return story.tamper_phase >= 4 && story.slander_phase >= 2 && story.kill_phase >= 4 &&
           story.replay_phase >= 4 && everyone_full(demo);
}

static bool too_late(struct demo *demo)
{
    const uint64_t bound_ms = (uint64_t)STORY_EPOCHS * demo->options.epoch_ms;
    if (assay_monotonic_ms() - story.begun_ms <= bound_ms) return false;
    (void)fprintf(stderr, "assay-demo: the story took longer than %llu s\n",
                  (unsigned long long)bound_ms / 1000);
    return true;
}

static bool step_story(struct demo *demo, bool *failed)
{
    if (story.begun_ms == 0) story.begun_ms = assay_monotonic_ms();
    for (uint32_t i = 0; i < demo->options.peer_count; i++)
        poll_peer(demo, &demo->peers[i]);
    watch_drops(demo);
    *failed = too_late(demo);
    if (*failed) return false;

    if (story.first_epoch == 0) {
        demo->chapter = "waiting for the first epochs";
        if (!everyone_full(demo) || epoch_now(demo) < 1 + QUIET_EPOCHS) return true;
        story.first_epoch = epoch_now(demo);
        demo_report(demo, story.first_epoch, "all", "FULL", "the network runs");
    }
    step_tamper(demo);
    step_slander(demo);
    step_kill(demo);
    step_replay(demo);
    return !is_over(demo);
}

/* Falls that a chapter explains: the tampered one until it is FULL again, the slanderer from its
 * slander
 * on, the killed one while it was away, the replayer for the epoch of its replay. */
static bool is_explained(const struct fall *fall)
{
    switch (fall->member) {
    case TAMPERED: return fall->epoch >= story.swapped;
    case SLANDERER: return story.slandered != 0 && fall->epoch >= story.slandered;
    case KILLED:
        return story.killed != 0 && fall->epoch >= story.killed &&
               (story.caught_up == 0 || fall->epoch <= story.caught_up + 2);
    case REPLAYER:
        return story.replayed != 0 && fall->epoch >= story.replayed &&
               fall->epoch <= story.replayed + 2;
    default: return false;
    }
}

/* Of a story that was cut short the results also have the checks that it did not reach. */
static void add_unreached(struct demo *demo)
{
    for (unsigned i = 0; i < CHECK_COUNT; i++)
        (void)check_of(demo, (enum trial_check)i);
}

static void after_story(struct demo *demo)
{
    size_t unexplained = 0;
    char first[96] = "";
    for (size_t i = 0; i < story.fall_count; i++) {
        const struct fall *fall = &story.drops[i];
        if (is_explained(fall)) continue;
        if (unexplained++ == 0)
            (void)snprintf(first, sizeof first, "; first: peer-%u in epoch %llu",
                           (unsigned)fall->member + 1, (unsigned long long)fall->epoch);
    }
    demo_settle(demo_check(demo, "no score fell without a cause"),
                story.first_epoch != 0 && unexplained == 0, "%zu falls explained, %zu not%s",
                story.fall_count - unexplained, unexplained, first);
    if (story.killed != 0)
        demo_audit_signatures(demo, &demo->peers[KILLED], check_names[CHECK_SIGNED_ONCE]);
    if (!is_over(demo)) add_unreached(demo);
    demo_audit_finality(demo, demo_witness(demo));
}

const struct demo_story demo_story_trial = { .name = "trial",
                                             .title = "enclaves judging one another",
                                             .is_byzantine = is_byzantine,
                                             .step = step_story,
                                             .after = after_story };
