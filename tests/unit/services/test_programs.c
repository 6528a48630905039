/*
 * tests/unit/services/test_programs.c - tests of service programs as processes.
 *
 * Programs of services as people start them: what is wrong with a configuration is said, they are
 * listed and ready, and end when they are asked to (docs/services.md 4.3, 5.13).
 */
#include "net/services/shares/share_client.h"
#include "tests/support/services/service_ledger.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SOON_MS = 20000 };

static char folder[64], said[8192];
static struct service_ledger *ledger;

static const char *in_folder(const char *name)
{
    static char paths[8][160];
    static unsigned at;
    char *path = paths[at++ % 8];
    (void)snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const char *text, size_t len, mode_t mode)
{
    FILE *file = fopen(in_folder(name), "w");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(text, 1, len, file), len);
    (void)fclose(file);
    cr_assert_eq(chmod(in_folder(name), mode), 0);
}

static void set_up(void)
{
    static struct assay_registry_plan plan = { .group_count = 1 };
    static const char key[33] = "a key of the tests, of 32 bytes.";
    (void)snprintf(plan.group[0].name, sizeof plan.group[0].name, "states");
    plan.group[0].size = 3;
    plan.group[0].instances_max = 4;
    plan.has_shares = true;
    plan.shares.clusters = 1;
    plan.shares.slots = 2;
    plan.shares.k = plan.shares.confirmations = 2;
    plan.shares.ids_max = 8;
    plan.has_tasks = true;
    plan.tasks.accounts_max = plan.tasks.tasks_max = 4;
    (void)snprintf(folder, sizeof folder, "/tmp/assay-programs.XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    ledger = service_ledger_of(in_folder("ledger"), &plan);
    service_ledger_member(ledger, in_folder("daemon-0"), 0);
    service_ledger_member(ledger, in_folder("daemon-1"), 1);
    write_file("key", key, 32, 0600);
}

static void clear_up(void)
{
    char command[128];
    service_ledger_close(&ledger);
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    cr_expect_eq(system(command), 0);
}

static pid_t start(const char *program, const char *config)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", ASSAY_PROGRAMS, program);
    (void)fflush(NULL);
    const pid_t pid = fork();
    cr_assert_geq(pid, 0);
    if (pid > 0) return pid;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (freopen(in_folder("said"), "a", stderr) == NULL) _exit(99);
    execl(path, program, "--config", in_folder(config), (char *)NULL);
    _exit(99);
}

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Returns: its exit status. */
static int ends(pid_t pid)
{
    int code = 0;
    const uint64_t until = now_ms() + SOON_MS;
    while (waitpid(pid, &code, WNOHANG) == 0 && now_ms() < until)
        service_ledger_turn(ledger, 10);
    FILE *file = fopen(in_folder("said"), "r");
    cr_assert_not_null(file);
    said[fread(said, 1, sizeof said - 1, file)] = '\0';
    (void)fclose(file);
    return WIFEXITED(code) ? WEXITSTATUS(code) : -1;
}

static void wants(const char *program, const char *config, const char *word)
{
    (void)unlink(in_folder("said"));
    write_file("bad.yaml", config, strlen(config), 0644);
    cr_expect_eq(ends(start(program, "bad.yaml")), 2, "%s", said);
    cr_expect_not_null(strstr(said, word), "%s: %s", word, said);
}

Test(services_programs, what_is_wrong_with_a_configuration_is_said, .init = set_up,
     .fini = clear_up)
{
    wants("assay-replica", "service_version: 1\ndaemon: d\n", "listen: is missing");
    wants("assay-replica", "service_version: 1\ndaemon: d\nlisten: a:1\ngroup: 0\nstore: s\n",
          "store: assay-replica has no such key");
    wants("assay-replica", "service_version: 1\ndaemon: d\nlisten: a:1\ngroup: 8\n", "group");
    wants("assay-replica", "service_version: 2\ndaemon: d\nlisten: a:1\ngroup: 0\n", "version");
    wants("assay-replica", "service_version: 1\ndaemon: d\nlisten: a:1\ngroup: 0\nnonsense: 1\n",
          "nonsense");
    wants("assay-holder",
          "service_version: 1\ndaemon: d\nlisten: 127.0.0.1:7200\nclient_listen: 127.0.0.1:7201\n"
          "cluster: 0\nstore: vault\nkey: nowhere\n",
          "no such file: restore that of the store, or make one for a new store");
    write_file("key", "a key of the tests, of 32 bytes.", 31, 0600);
    wants("assay-holder",
          "service_version: 1\ndaemon: d\nlisten: 127.0.0.1:7200\nclient_listen: 127.0.0.1:7201\n"
          "cluster: 0\nstore: vault\nkey: key\n",
          "found 31 bytes, expected 32");
    write_file("key", "a key of the tests, of 32 bytes.", 32, 0644);
    wants("assay-holder",
          "service_version: 1\ndaemon: d\nlisten: 127.0.0.1:7200\nclient_listen: 127.0.0.1:7201\n"
          "cluster: 0\nstore: vault\nkey: key\n",
          "key");
}

/* One that nobody has now. */
static unsigned free_port(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t len = sizeof at;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    (void)close(fd);
    return ntohs(at.sin_port);
}

static void replica_config(const char *name)
{
    char text[256];
    const int len = snprintf(text, sizeof text,
                             "service_version: 1\ndaemon: daemon-1\nlisten: 127.0.0.1:%u\n"
                             "group: 0\ninstances: 4\n",
                             free_port());
    write_file(name, text, (size_t)len, 0644);
}

static void holder_config(const char *name, unsigned slot)
{
    char text[512];
    const int len = snprintf(text, sizeof text,
                             "service_version: 1\ndaemon: daemon-%u\nlisten: 127.0.0.1:%u\n"
                             "client_listen: 127.0.0.1:%u\ncluster: 0\nstore: vault-%u\nkey: key\n",
                             slot, free_port(), free_port(), slot);
    write_file(name, text, (size_t)len, 0644);
}

static bool is_seated(void)
{
    return assay_registry_shares(service_ledger_registry(ledger))->cluster[0].ready == 3;
}

Test(services_programs, holders_are_seated_and_end_when_asked, .init = set_up, .fini = clear_up,
     .timeout = 600)
{
    holder_config("0.yaml", 0);
    holder_config("1.yaml", 1);
    const pid_t one = start("assay-holder", "0.yaml"), two = start("assay-holder", "1.yaml");
    const uint64_t until = now_ms() + SOON_MS;
    while (!is_seated() && now_ms() < until)
        service_ledger_turn(ledger, 20);
    cr_expect(is_seated());
    const pid_t again = start("assay-holder", "0.yaml");
    cr_expect_eq(ends(again), 1, "the store is locked");
    cr_expect_not_null(strstr(said, "another process holds it"), "%s", said);
    (void)kill(one, SIGTERM);
    (void)kill(two, SIGINT);
    cr_expect_eq(ends(one), 0, "%s", said);
    cr_expect_eq(ends(two), 0, "%s", said);
    cr_expect_not_null(strstr(said, "slot 0 of cluster 0"), "%s", said);
    cr_expect_not_null(strstr(said, "stopped on request"), "%s", said);
}

/* Returns: the id of a secret that both keep. */
static void put_secret(uint8_t id[static 32])
{
    static uint8_t sealed[64 + ASSAY_SHARE_PAYLOAD_MORE];
    const uint8_t name[32] = { 7 };
    const struct assay_share_reader readers[1] = { { .kind = ASSAY_SHARE_READER_ACCOUNT,
                                                     .name = { 8 } } };
    struct assay_secret32 owner;
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    cr_assert_eq(assay_p256_generate(&owner, key), ASSAY_OK);
    const struct assay_share_client_config config = { .ledger = in_folder("daemon-9"),
                                                      .key = &owner };
    struct assay_share_client *client = NULL;
    service_ledger_member(ledger, in_folder("daemon-9"), 9);
    cr_assert_eq(assay_holder_client_open(&config, &client), ASSAY_OK);
    enum assay_status status = ASSAY_E_AGAIN;
    const uint64_t until = now_ms() + SOON_MS;
    while (now_ms() < until &&
           assay_holder_client_status(client).state != ASSAY_SHARE_CLIENT_DONE) {
        if (status == ASSAY_E_AGAIN)
            status = assay_holder_client_put(client, 0, name, readers, 1,
                                             assay_slice_over("secret", 6), id, sealed);
        service_ledger_turn(ledger, 5);
        assay_holder_client_step(client, 5);
    }
    cr_assert_eq(assay_holder_client_status(client).state, ASSAY_SHARE_CLIENT_DONE);
    assay_holder_client_close(&client);
}

/* What a holder keeps is undone by a new era: it says what, ends, and goes on when told to. */
Test(services_programs, a_holder_asks_before_a_new_era_takes_its_shares, .init = set_up,
     .fini = clear_up, .timeout = 600)
{
    uint8_t id[32];
    holder_config("0.yaml", 0);
    holder_config("1.yaml", 1);
    const pid_t one = start("assay-holder", "0.yaml"), two = start("assay-holder", "1.yaml");
    const uint64_t until = now_ms() + SOON_MS;
    while (!is_seated() && now_ms() < until)
        service_ledger_turn(ledger, 20);
    service_ledger_mark(ledger);
    put_secret(id);
    service_ledger_undo(ledger);
    cr_expect_eq(ends(one), 5, "%s", said);
    cr_expect_eq(ends(two), 5, "%s", said);
    cr_expect_not_null(strstr(said, "era 2 of the ledger undoes what is stored here: of 1 shares 1 "
                                    "are of secrets that it does not have, 0 of later generations. "
                                    "Nothing was erased."),
                       "%s", said);
    cr_expect_eq(ends(start("assay-holder", "0.yaml")), 5, "again");
    FILE *config = fopen(in_folder("0.yaml"), "a");
    cr_assert_not_null(config);
    (void)fputs("era: 2\n", config);
    (void)fclose(config);
    (void)unlink(in_folder("said"));
    const pid_t again = start("assay-holder", "0.yaml");
    const uint64_t seated = now_ms() + 1500;
    while (now_ms() < seated)
        service_ledger_turn(ledger, 20);
    (void)kill(again, SIGTERM);
    cr_expect_eq(ends(again), 0, "%s", said);
    cr_expect_not_null(strstr(said, "0 shares stored"), "%s", said);
}

Test(services_programs, an_executor_offers_and_ends_when_asked, .init = set_up, .fini = clear_up,
     .timeout = 600)
{
    static const char digest[] = "0101010101010101010101010101010101010101010101010101010101010101";
    char text[512];
    const int len = snprintf(text, sizeof text,
                             "service_version: 1\ndaemon: daemon-1\nlisten: 127.0.0.1:%u\n"
                             "store: vault\nkey: key\ncode: %s\nprice: 3\naccount: %s\n",
                             free_port(), digest, digest);
    write_file("e.yaml", text, (size_t)len, 0644);
    const pid_t pid = start("assay-executor", "e.yaml");
    const struct assay_task_ledger *tasks = assay_registry_tasks(service_ledger_registry(ledger));
    const uint64_t until = now_ms() + SOON_MS;
    while (assay_task_ledger_find_offer(tasks, 1) == NULL && now_ms() < until)
        service_ledger_turn(ledger, 20);
    const struct assay_task_offer *offer = assay_task_ledger_find_offer(tasks, 1);
    cr_assert_not_null(offer, "%d", ends(pid));
    cr_expect(offer->price == 3 && offer->code[0][31] == 1);
    (void)kill(pid, SIGTERM);
    cr_expect_eq(ends(pid), 0, "%s", said);
}

Test(services_programs, a_replica_is_listed_and_ends_when_asked, .init = set_up, .fini = clear_up,
     .timeout = 600)
{
    replica_config("r.yaml");
    const pid_t pid = start("assay-replica", "r.yaml");
    const uint64_t until = now_ms() + SOON_MS;
    while (!service_ledger_group(ledger)->member[1].listed && now_ms() < until)
        service_ledger_turn(ledger, 20);
    cr_expect(service_ledger_group(ledger)->member[1].listed);
    replica_config("newer.yaml");
    const pid_t newer = start("assay-replica", "newer.yaml");
    cr_expect_eq(ends(pid), 4, "another was listed: %s", said);
    (void)kill(newer, SIGTERM);
    cr_expect_eq(ends(newer), 0);
    (void)unlink(in_folder("said"));
    replica_config("third.yaml");
    const uint32_t before = service_ledger_count(ledger, ASSAY_SERVICE_REPLICA);
    const pid_t third = start("assay-replica", "third.yaml");
    const uint64_t later = now_ms() + SOON_MS;
    while (service_ledger_count(ledger, ASSAY_SERVICE_REPLICA) == before && now_ms() < later)
        service_ledger_turn(ledger, 20);
    (void)kill(third, SIGUSR1);
    cr_expect_eq(ends(third), 0, "without a seat there is nothing to move: %s", said);
    cr_expect(service_ledger_group(ledger)->member[1].drains);
}

Test(services_programs, a_replica_drains_when_its_daemon_says_so, .init = set_up, .fini = clear_up,
     .timeout = 600)
{
    replica_config("r.yaml");
    const pid_t pid = start("assay-replica", "r.yaml");
    const uint64_t until = now_ms() + SOON_MS;
    while (!service_ledger_group(ledger)->member[1].listed && now_ms() < until)
        service_ledger_turn(ledger, 20);
    cr_expect_not(service_ledger_group(ledger)->member[1].drains);
    service_ledger_drain(ledger);
    cr_expect_eq(ends(pid), 0, "without a seat there is nothing to move: %s", said);
    cr_expect(service_ledger_group(ledger)->member[1].drains);
}
