/*
 * tests/integration/cli/light_follow.c - a light client over the socket of a daemon that runs, and
 * a host between them that lies (docs/services.md 9).
 *
 * usage: light_follow CHECKPOINT SOCKETS EPOCHS SECONDS LIE
 *   CHECKPOINT  file of `assay checkpoint`, which is trusted; the newest one replaces it at the end
 *   SOCKETS     folder of the daemon (listen.services)
 *   EPOCHS      that many are accepted behind the checkpoint, then it ends
 *   LIE         none, or what two of three answers have: votes, voters, state, old, cut. With a
 *               lie epochs are requested one after the other, else the newest
 * Exit status: 0: they were accepted | 1: they were not within SECONDS | 2: usage
 */
#include "base/assert.h"
#include "net/services/continuity/light_feed.h"
#include "net/services/follower.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ANSWERS_MAX = 64, LIE_LEN_MAX = 512 * 1024 };

enum lie { LIE_NONE, LIE_VOTES, LIE_VOTERS, LIE_STATE, LIE_OLD, LIE_CUT, LIES };
static const char *const lie_names[LIES] = { "none", "votes", "voters", "state", "old", "cut" };

static struct assay_light light;
static struct assay_enclave_feed feed;
static struct assay_follower *follower;
static enum lie lie_kind;
static bool is_waiting;
static unsigned answers;
static uint64_t closed, requested_ms;
static unsigned requests, with_rows, refused[ASSAY_LIGHT_NOT_OWNER + 1], missing;
static uint8_t changed[LIE_LEN_MAX], old_boundary[LIE_LEN_MAX];
static size_t old_len;

static uint64_t now_ms(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) exit(1);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* A copy in which the bytes of a range differ. */
static struct assay_slice change(struct assay_slice part, size_t from, size_t count)
{
    ASSAY_ASSERT(part.len <= sizeof changed);
    assay_bytes_copy(changed, sizeof changed, part.bytes, part.len);
    for (size_t i = from; i < part.len && i < from + count; i++)
        changed[i] ^= 1;
    return assay_slice_over(changed, part.len);
}

static void lie(struct assay_service_message *m)
{
    switch (lie_kind) {
    case LIE_NONE: break;
    case LIE_VOTES: /* the signatures are last, but for the number of tails */
        if (m->finality.len > 200) m->finality = change(m->finality, m->finality.len - 170, 160);
        break;
    case LIE_VOTERS: m->voters = change(m->voters, 10, 1); break;     /* in the first node id */
    case LIE_STATE: m->boundary = change(m->boundary, 60, 32); break; /* of the header */
    case LIE_OLD: /* the first boundary for ever */
        if (old_len == 0) {
            old_len = m->boundary.len;
            assay_bytes_copy(old_boundary, sizeof old_boundary, m->boundary.bytes, old_len);
        }
        m->boundary = assay_slice_over(old_boundary, old_len);
        break;
    case LIE_CUT:
        m->boundary.len /= 2;
        m->finality.len /= 2;
        break;
    case LIES: break;
    }
}

static void on_proof(void *context, const struct assay_service_message *m)
{
    static struct assay_service_message shown;
    (void)context;
    shown = *m;
    if (answers++ % 3 != 2) lie(&shown);
    is_waiting = false;
    const uint64_t before = light.at.epoch;
    const enum assay_status status = assay_enclave_feed_on_proof(&feed, closed, &shown);
    if (status == ASSAY_E_INVALID) refused[feed.answer]++;
    if (status == ASSAY_E_NOT_FOUND) missing++;
    ASSAY_ASSERT(light.at.epoch >= before);
    ASSAY_ASSERT(light.at.epoch == before || status == ASSAY_OK);
}

static void request_next(void)
{
    static struct assay_service_message m;
    const struct assay_follower_state *state = assay_follower_state(follower);
    if (state == NULL || !assay_follower_follows(follower)) return;
    if (is_waiting && now_ms() - requested_ms < 3000) return;
    if (!is_waiting) closed = state->epoch;
    if (lie_kind != LIE_NONE && closed > light.at.epoch + 1) closed = light.at.epoch + 1;
    if (!assay_enclave_feed_next(&feed, closed, &m)) return;
    if (assay_follower_request(follower, &m) != ASSAY_OK) return;
    is_waiting = true;
    requested_ms = now_ms();
    requests++;
    with_rows += m.with_voters;
}

static bool load_checkpoint(const char *path, struct assay_checkpoint *checkpoint)
{
    uint8_t bytes[ASSAY_CHECKPOINT_LEN_MAX];
    FILE *file = fopen(path, "rb");
    const size_t len = file != NULL ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file != NULL) (void)fclose(file);
    return assay_checkpoint_decode(assay_slice_over(bytes, len), checkpoint) == ASSAY_OK;
}

static bool store_checkpoint(const char *path)
{
    uint8_t bytes[ASSAY_CHECKPOINT_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    if (assay_checkpoint_encode(&light.at, &w) != ASSAY_OK) return false;
    FILE *file = fopen(path, "wb");
    const bool written = file != NULL && fwrite(bytes, 1, w.len, file) == w.len;
    return file != NULL && fclose(file) == 0 && written;
}

static void print_result(uint64_t from)
{
    printf("accepted epochs %llu to %llu, %u voters, %u requests, %u with rows, %u not stored\n",
           (unsigned long long)from, (unsigned long long)light.at.epoch, light.table.count,
           requests, with_rows, missing);
    for (int i = 0; i <= ASSAY_LIGHT_NOT_OWNER; i++)
        if (refused[i] > 0)
            printf("refused %u: %s\n", refused[i], assay_light_text((enum assay_light_answer)i));
}

static bool follow_to(uint64_t epoch, uint64_t until_ms)
{
    while (now_ms() < until_ms) {
        struct pollfd fd = assay_follower_poll(follower);
        if (poll(&fd, fd.fd >= 0, 50) < 0) return false;
        const enum assay_status status = assay_follower_step(follower, now_ms());
        if (status != ASSAY_OK) is_waiting = false;
        request_next();
        if (light.has_table && light.at.epoch >= epoch) return true;
    }
    return false;
}

static bool find_lie(const char *name)
{
    for (lie_kind = LIE_NONE; lie_kind < LIES; lie_kind++)
        if (strcmp(name, lie_names[lie_kind]) == 0) return true;
    return false;
}

int main(int argc, char **argv)
{
    struct assay_checkpoint checkpoint;
    if (argc != 6 || !find_lie(argv[5]) || !load_checkpoint(argv[1], &checkpoint)) {
        fprintf(stderr, "usage: light_follow CHECKPOINT SOCKETS EPOCHS SECONDS LIE\n");
        return 2;
    }
    const uint64_t to = checkpoint.epoch + strtoull(argv[3], NULL, 10);
    const struct assay_follower_config config = { .path = argv[2],
                                                  .role = ASSAY_SERVICE_ROLE_ENCLAVE,
                                                  .callbacks = { .proof = on_proof } };
    assay_light_init(&light, &checkpoint, NULL);
    assay_enclave_feed_init(&feed, &light);
    if (assay_follower_create(&config, &follower) != ASSAY_OK) return 2;
    const bool reached = follow_to(to, now_ms() + 1000 * strtoull(argv[4], NULL, 10));
    print_result(checkpoint.epoch);
    assay_follower_destroy(&follower);
    return reached && store_checkpoint(argv[1]) ? 0 : 1;
}
