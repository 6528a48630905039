/*
 * apps/demo/peer.c - one assayd as a child process: start, stop, kill, and queries.
 */
#include "apps/demo/demo.h"

#include "apps/client.h"
#include "apps/demo/spawn.h"
#include "base/system_clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ASK_TIMEOUT_MS = 1000 };

void demo_sleep_ms(unsigned ms)
{
    const struct timespec pause = { ms / 1000, (long)(ms % 1000) * 1000000 };
    (void)nanosleep(&pause, NULL);
}

struct demo_peer *demo_witness(struct demo *demo)
{
    return &demo->peers[demo->witness];
}

/* ------------------------------------------------------------ processes */

int demo_run(const struct demo *demo, const char *log, char *const argv[])
{
    (void)demo;
    const pid_t pid = demo_spawn(log, argv);
    int status = 0;
    if (pid == 0) return -1;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool demo_peer_start(struct demo *demo, struct demo_peer *peer)
{
    char config[PATH_MAX + 16], command[PATH_MAX + 16];
    (void)snprintf(config, sizeof config, "%s/assayd.yaml", peer->dir);
    (void)snprintf(command, sizeof command, "%s/command", peer->dir);
    (void)setenv("ASSAY_BYZANTINE", command, 1); /* read by the Byzantine test build alone */
    char option[] = "--config";
    char *argv[] = { peer->program, option, config, NULL };
    (void)demo;
    peer->timeline_seq = 0;
    peer->now.reachable = false;
    peer->pid = demo_spawn(peer->log, argv);
    return peer->pid != 0;
}

bool demo_reaped(pid_t pid, int *status)
{
    const pid_t done = waitpid(pid, status, WNOHANG);
    return done == pid || (done < 0 && errno == ECHILD);
}

static bool reap_process(struct demo_peer *peer, int *status)
{
    if (!demo_reaped(peer->pid, status)) return false;
    peer->pid = 0;
    peer->now.reachable = false;
    return true;
}

bool demo_peer_stop(struct demo_peer *peer, unsigned grace_ms)
{
    int status = 0;
    if (peer->pid == 0) return true;
    (void)kill(peer->pid, SIGTERM);
    for (const uint64_t until = assay_monotonic_ms() + grace_ms; assay_monotonic_ms() < until;
         demo_sleep_ms(10))
        if (reap_process(peer, &status)) return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    demo_peer_kill(peer);
    return false;
}

void demo_peer_kill(struct demo_peer *peer)
{
    int status = 0;
    if (peer->pid == 0) return;
    (void)kill(peer->pid, SIGKILL);
    while (waitpid(peer->pid, &status, 0) < 0 && errno == EINTR) {
    }
    peer->pid = 0;
    peer->now.reachable = false;
}

bool demo_peer_swap_enclave(struct demo *demo, const struct demo_peer *peer)
{
    char from[PATH_MAX + 32], to[PATH_MAX + 32], cp[] = "/bin/cp", how[] = "--remove-destination";
    (void)snprintf(from, sizeof from, "%s/enclave.tampered", demo->dir);
    (void)snprintf(to, sizeof to, "%s/enclave", peer->dir);
    char *argv[] = { cp, how, from, to, NULL };
    if (peer->now.enclave_pid <= 0 || demo_run(demo, peer->log, argv) != 0) return false;
    return kill(peer->now.enclave_pid, SIGKILL) == 0;
}

/* ------------------------------------------------------------ documents */

static bool request_document(const struct demo_peer *peer, const char *request,
                             struct assay_json **document)
{
    return assay_client_request(peer->admin, request, ASK_TIMEOUT_MS, document) == ASSAY_OK;
}

static void read_changes(struct demo_reading *now, const struct assay_json *changes)
{
    const struct assay_json *ended = assay_json_get(changes, "ended");
    const bool reverted = strcmp(assay_json_text(ended, "end", ""), "reverted") == 0;
    now->change_sequence = assay_json_uint(changes, "sequence", 0);
    now->trial_sequence = assay_json_uint(assay_json_get(changes, "trial"), "sequence", 0);
    now->reverted_sequence = reverted ? assay_json_uint(ended, "sequence", 0) : 0;
    (void)snprintf(now->endorsements_digest, sizeof now->endorsements_digest, "%s",
                   assay_json_text(changes, "endorsements_digest", ""));
    (void)snprintf(now->policy_digest, sizeof now->policy_digest, "%s",
                   assay_json_text(changes, "policy_digest", ""));
}

static void read_status(struct demo_peer *peer, const struct assay_json *data)
{
    struct demo_reading *now = &peer->now;
    now->epoch = assay_json_uint(data, "epoch", 0);
    now->height = assay_json_uint(data, "height", 0);
    now->era = assay_json_uint(data, "era", 0);
    now->certified_epoch = assay_json_uint(data, "certified_epoch", 0);
    now->voting = assay_json_bool(data, "voting", false);
    now->behind = assay_json_bool(data, "behind", true);
    now->certified = assay_json_bool(data, "certified", false);
    now->operator_cap_met = assay_json_bool(data, "operator_cap_met", false);
    now->vendor_cap_met = assay_json_bool(data, "vendor_cap_met", false);
    now->head_time_ms = assay_json_uint(data, "head_time_ms", 0);
    read_changes(now, assay_json_get(data, "changes"));
    const struct assay_json *enclave = assay_json_get(data, "enclave");
    now->enclave_pid = (pid_t)assay_json_uint(enclave, "pid", 0);
    (void)snprintf(now->measurement, sizeof now->measurement, "%s",
                   assay_json_text(enclave, "measurement", ""));
}

static void read_nodes(struct demo_peer *peer, const struct assay_json *data)
{
    const struct assay_json *nodes = assay_json_get(data, "nodes");
    const size_t count = assay_json_count(nodes);
    /* An epoch may close between two documents: scores go with the epoch of their own. */
    peer->now.epoch = assay_json_uint(data, "epoch", peer->now.epoch);
    peer->now.member_count = (uint32_t)(count < DEMO_PEERS_MAX ? count : DEMO_PEERS_MAX);
    for (uint32_t i = 0; i < peer->now.member_count; i++)
        demo_member_read(&peer->now.members[i], assay_json_at(nodes, i));
}

void demo_last_words(const char *path, char words[static DEMO_LAST_WORDS])
{
    char tail[DEMO_LAST_WORDS] = "";
    words[0] = '\0';
    FILE *const log = fopen(path, "re");
    if (log == NULL) return;
    if (fseek(log, 1 - (long)DEMO_LAST_WORDS, SEEK_END) != 0) rewind(log);
    size_t len = fread(tail, 1, DEMO_LAST_WORDS - 1, log);
    (void)fclose(log);
    while (len > 0 && tail[len - 1] == '\n')
        tail[--len] = '\0';
    const char *const line = strrchr(tail, '\n');
    (void)snprintf(words, DEMO_LAST_WORDS, "%s", line != NULL ? line + 1 : tail);
}

void demo_peer_read(struct demo *demo, struct demo_peer *peer)
{
    int status = 0;
    struct assay_json *document = NULL;
    if (peer->pid != 0 && reap_process(peer, &status)) {
        char words[DEMO_LAST_WORDS];
        demo_last_words(peer->log, words);
        demo_report(demo, peer->now.epoch, peer->name, "exited",
                    "assayd ended by itself, %s %d; its log ends: %s",
                    WIFSIGNALED(status) ? "signal" : "status",
                    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), words);
    }
    peer->now.reachable = false;
    if (peer->pid == 0 || !request_document(peer, "status", &document)) return;
    read_status(peer, assay_json_get(document, "data"));
    assay_json_free(&document);
    if (!request_document(peer, "nodes", &document)) return;
    read_nodes(peer, assay_json_get(document, "data"));
    assay_json_free(&document);
    peer->now.reachable = true;
}

uint64_t demo_peer_counter(const struct demo_peer *peer, const char *name)
{
    struct assay_json *document = NULL;
    if (peer->pid == 0 || !request_document(peer, "counters", &document)) return 0;
    const uint64_t value = assay_json_uint(assay_json_get(document, "data"), name, 0);
    assay_json_free(&document);
    return value;
}
