/*
 * tests/unit/apps/signer/test_ssh_agent.c - keys of an ssh-agent, by honest and hostile agents.
 *
 * The agent is a process of the test that answers with prepared bytes; OpenSSH's is tried by
 * tests/integration/cli/setup/operator_keys.sh.
 */
#include "apps/signer/signer.h"
#include "apps/signer/ssh_agent.h"
#include "base/base64.h"
#include "base/system_clock.h"
#include "base/writer.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SHORT_MS = 300, LONG_MS = 5000 };

static const char body_text[] = "what operators sign";
static const uint8_t half_order[] = {
    0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xde, 0x73, 0x7d, 0x56, 0xd3, 0x8b, 0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8,
};

static struct folder folder;
static int listener = -1;
static pid_t server;
static struct assay_signer *signer;
static struct assay_ssh_agent *agent;
static struct assay_signer_fault fault;
static struct assay_secret32 secret, other_secret;
static uint8_t public_key[ASSAY_P256_PUBLIC_LEN], other_public[ASSAY_P256_PUBLIC_LEN];
static uint8_t found[ASSAY_P256_PUBLIC_LEN];

static void set_up(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    folder = folder_make();
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s",
                   folder_at(&folder, "agent.sock"));
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert(listener >= 0);
    cr_assert_eq(bind(listener, (const struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(listener, 4), 0);
    (void)setenv("SSH_AUTH_SOCK", address.sun_path, 1);
    cr_assert_eq(assay_p256_generate(&secret, public_key), ASSAY_OK);
    cr_assert_eq(assay_p256_generate(&other_secret, other_public), ASSAY_OK);
}

static void stop_server(void)
{
    if (server <= 0) return;
    (void)kill(server, SIGKILL);
    (void)waitpid(server, NULL, 0);
    server = 0;
}

static void tear_down(void)
{
    stop_server();
    assay_signer_close(&signer);
    assay_ssh_agent_close(&agent);
    if (listener >= 0) (void)close(listener);
    folder_remove(&folder);
}

TestSuite(apps_ssh_agent, .init = set_up, .fini = tear_down, .timeout = 60);

/* ------------------------------------------------------------ the agent's side */

static void put_string(struct assay_writer *w, const void *bytes, size_t len)
{
    assay_writer_u32be(w, (uint32_t)len);
    assay_writer_put(w, bytes, len);
}

static void put_text(struct assay_writer *w, const char *text)
{
    put_string(w, text, strlen(text));
}

static struct assay_slice key_blob(const char *type, const uint8_t *key, uint8_t memory[static 256])
{
    uint8_t point[1 + ASSAY_P256_PUBLIC_LEN] = { 4 };
    struct assay_writer w = assay_writer_over(memory, 256);
    assay_bytes_copy(point + 1, ASSAY_P256_PUBLIC_LEN, key, ASSAY_P256_PUBLIC_LEN);
    put_text(&w, type);
    put_text(&w, "nistp256");
    put_string(&w, point, sizeof point);
    return assay_slice_over(memory, w.len);
}

/* The message without its length. */
static void begin_keys(struct assay_writer *w, uint32_t count)
{
    assay_writer_u8(w, 12);
    assay_writer_u32be(w, count);
}

static void put_key(struct assay_writer *w, const char *type, const uint8_t *key,
                    const char *comment)
{
    uint8_t memory[256];
    const struct assay_slice blob = key_blob(type, key, memory);
    put_string(w, blob.bytes, blob.len);
    put_text(w, comment);
}

static void put_keys(struct assay_writer *w)
{
    begin_keys(w, 3);
    put_key(w, "ssh-ed25519", other_public, "laptop");
    put_key(w, "ecdsa-sha2-nistp256", other_public, "other");
    put_key(w, "ecdsa-sha2-nistp256", public_key, "gamma");
}

static void put_scalar(struct assay_writer *w, const uint8_t *scalar)
{
    uint8_t number[33] = { 0 };
    size_t skip = 0;
    assay_bytes_copy(number + 1, 32, scalar, 32);
    while (skip < 32 && number[skip] == 0 && (number[skip + 1] & 0x80) == 0)
        skip++;
    put_string(w, number + skip, sizeof number - skip);
}

static void put_signature(struct assay_writer *w, const char *type, const uint8_t *signature)
{
    uint8_t numbers_bytes[128], all_bytes[256];
    struct assay_writer numbers = assay_writer_over(numbers_bytes, sizeof numbers_bytes);
    struct assay_writer all = assay_writer_over(all_bytes, sizeof all_bytes);
    put_scalar(&numbers, signature);
    put_scalar(&numbers, signature + 32);
    put_text(&all, type);
    put_string(&all, numbers.bytes, numbers.len);
    assay_writer_u8(w, 14);
    put_string(w, all.bytes, all.len);
}

static void sign_as(const struct assay_secret32 *key, const void *bytes, size_t len,
                    uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    struct assay_p256_signer *one = NULL;
    uint8_t digest[ASSAY_SHA256_LEN];
    assay_sha256(bytes, len, digest);
    cr_assert_eq(assay_p256_signer_load(key, &one), ASSAY_OK);
    cr_assert_eq(assay_p256_sign(one, digest, signature), ASSAY_OK);
    assay_p256_signer_free(&one);
}

static bool read_all(int fd, uint8_t *bytes, size_t len)
{
    for (size_t done = 0; done < len;) {
        const ssize_t n = read(fd, bytes + done, len - done);
        if (n <= 0) return false;
        done += (size_t)n;
    }
    return true;
}

/* Reads one request. Returns: its length without the four bytes; 0 at the end. */
static size_t read_request(int fd, uint8_t *bytes, size_t capacity)
{
    uint8_t head[4];
    if (!read_all(fd, head, sizeof head)) return 0;
    const size_t len =
        (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | (size_t)head[3];
    return len <= capacity && read_all(fd, bytes, len) ? len : 0;
}

static void send_raw(int fd, const void *bytes, size_t len)
{
    (void)!write(fd, bytes, len);
}

static void send_message(int fd, const struct assay_writer *w)
{
    const uint8_t head[4] = { (uint8_t)(w->len >> 24), (uint8_t)(w->len >> 16),
                              (uint8_t)(w->len >> 8), (uint8_t)w->len };
    send_raw(fd, head, sizeof head);
    send_raw(fd, w->bytes, w->len);
}

/* What one connection answers: a list, then signatures. */
struct play {
    void (*list)(int fd);
    void (*sign)(int fd, const uint8_t *request, size_t len);
};

static void serve(const struct play *play)
{
    static uint8_t request[ASSAY_SSH_AGENT_MESSAGE_MAX];
    for (;;) {
        const int fd = accept(listener, NULL, NULL);
        size_t len = 0;
        while (fd >= 0 && (len = read_request(fd, request, sizeof request)) > 0) {
            if (request[0] == 11) play->list(fd);
            else if (play->sign != NULL) play->sign(fd, request, len);
        }
        if (fd >= 0) (void)close(fd);
    }
}

static void start_agent(void (*list)(int), void (*sign)(int, const uint8_t *, size_t))
{
    const struct play play = { .list = list, .sign = sign };
    stop_server();
    server = fork();
    cr_assert(server >= 0);
    if (server == 0) {
        (void)signal(SIGPIPE, SIG_IGN);
        serve(&play);
        _exit(0);
    }
}

static void list_honestly(int fd)
{
    uint8_t memory[2048];
    struct assay_writer w = assay_writer_over(memory, sizeof memory);
    put_keys(&w);
    send_message(fd, &w);
}

/* The body of a request is its second string. */
static struct assay_slice body_of(const uint8_t *request, size_t len)
{
    struct assay_slice out = { 0 };
    size_t at = 1;
    for (int i = 0; i < 2 && at + 4 <= len; i++) {
        const size_t n = (size_t)request[at + 2] << 8 | request[at + 3];
        out = assay_slice_over(request + at + 4, n);
        at += 4 + n;
    }
    return out;
}

static void answer_with(int fd, const char *type, const uint8_t *signature)
{
    uint8_t memory[512];
    struct assay_writer w = assay_writer_over(memory, sizeof memory);
    put_signature(&w, type, signature);
    send_message(fd, &w);
}

static void sign_honestly(int fd, const uint8_t *request, size_t len)
{
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    const struct assay_slice body = body_of(request, len);
    sign_as(&secret, body.bytes, body.len, signature);
    answer_with(fd, "ecdsa-sha2-nistp256", signature);
}

/* ------------------------------------------------------------ what is expected */

static void expect_fault(enum assay_signer_outcome outcome, const char *text)
{
    cr_expect_eq(fault.outcome, outcome, "%d: %s", (int)fault.outcome, fault.text);
    cr_expect_not_null(strstr(fault.text, text), "expected \"%s\", found \"%s\"", text, fault.text);
    for (const char *c = fault.text; *c != '\0'; c++)
        cr_expect(*c >= ' ' && *c <= '~', "byte %d is in the message", *c);
}

static bool open_named(const char *name)
{
    assay_ssh_agent_close(&agent);
    fault = (struct assay_signer_fault){ .outcome = ASSAY_SIGNER_OK };
    return assay_ssh_agent_open(name, SHORT_MS, &agent, found, &fault);
}

static bool sign_body(uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    return assay_signer_sign(signer, assay_slice_over(body_text, sizeof body_text - 1), signature,
                             &fault);
}

static void expect_good(const uint8_t *signature)
{
    struct assay_p256 *key = NULL;
    uint8_t digest[ASSAY_SHA256_LEN];
    assay_sha256(body_text, sizeof body_text - 1, digest);
    cr_assert_eq(assay_p256_load(public_key, &key), ASSAY_OK);
    cr_expect(assay_p256_verify(key, digest, signature, ASSAY_S_LOW));
    assay_p256_free(&key);
}

static void fingerprint_of(const uint8_t *key, char text[static 64])
{
    uint8_t memory[256], digest[ASSAY_SHA256_LEN];
    size_t len = 0;
    const struct assay_slice blob = key_blob("ecdsa-sha2-nistp256", key, memory);
    assay_sha256(blob.bytes, blob.len, digest);
    (void)snprintf(text, 64, "SHA256:");
    cr_assert_eq(
        assay_base64_encode(ASSAY_BASE64_STANDARD, digest, sizeof digest, text + 7, 57, &len),
        ASSAY_OK);
    text[7 + len - 1] = '\0'; /* the padding */
}

Test(apps_ssh_agent, a_key_is_found_by_fingerprint_and_by_comment)
{
    char name[64];
    start_agent(list_honestly, sign_honestly);
    fingerprint_of(public_key, name);
    cr_assert(open_named(name), "%s", fault.text);
    cr_expect_arr_eq(found, public_key, sizeof found);
    cr_assert(open_named("gamma"), "%s", fault.text);
    cr_expect_arr_eq(found, public_key, sizeof found);
    cr_assert(open_named("other"), "%s", fault.text);
    cr_expect_arr_eq(found, other_public, sizeof found);
}

Test(apps_ssh_agent, a_key_signs_through_its_agent)
{
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    start_agent(list_honestly, sign_honestly);
    cr_assert(assay_signer_open("ssh-agent:gamma", &signer, &fault), "%s", fault.text);
    cr_expect_arr_eq(assay_signer_public(signer), public_key, sizeof public_key);
    for (int i = 0; i < 20; i++) { /* numbers of fewer bytes, and with the top bit, among them */
        cr_assert(sign_body(signature), "%s", fault.text);
        expect_good(signature);
    }
}

Test(apps_ssh_agent, no_other_key_is_used)
{
    char name[64];
    uint8_t third[ASSAY_P256_PUBLIC_LEN] = { 0 };
    start_agent(list_honestly, NULL);
    fingerprint_of(third, name);
    cr_expect_not(open_named(name));
    expect_fault(ASSAY_SIGNER_NOT_FOUND, "the agent has 3 keys");
    fingerprint_of(public_key, name); /* is listed as what there is */
    expect_fault(ASSAY_SIGNER_NOT_FOUND, name);
    name[strlen(name) - 1] = '\0';
    cr_expect_not(open_named(name));
    cr_expect_not(open_named("gamm"));
    cr_expect_not(open_named("laptop"));
    expect_fault(ASSAY_SIGNER_UNFIT, "ssh-ed25519");
    cr_expect_not(open_named(""));
    expect_fault(ASSAY_SIGNER_USAGE, "no key is selected");
}

static void list_twins(int fd)
{
    uint8_t memory[2048];
    struct assay_writer w = assay_writer_over(memory, sizeof memory);
    begin_keys(&w, 2);
    put_key(&w, "ecdsa-sha2-nistp256", other_public, "gamma");
    put_key(&w, "ecdsa-sha2-nistp256", public_key, "gamma");
    send_message(fd, &w);
}

Test(apps_ssh_agent, a_comment_of_two_keys_selects_none)
{
    start_agent(list_twins, NULL);
    cr_expect_not(open_named("gamma"));
    expect_fault(ASSAY_SIGNER_CONFLICT, "2 keys of the agent");
}

/* ------------------------------------------------------------ hostile agents */

static void sign_with_other(int fd, const uint8_t *request, size_t len)
{
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    const struct assay_slice body = body_of(request, len);
    sign_as(&other_secret, body.bytes, body.len, signature);
    answer_with(fd, "ecdsa-sha2-nistp256", signature);
}

static void sign_other_body(int fd, const uint8_t *request, size_t len)
{
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    (void)request;
    sign_as(&secret, "another", len > 7 ? 7 : len, signature);
    answer_with(fd, "ecdsa-sha2-nistp256", signature);
}

static void sign_as_another_type(int fd, const uint8_t *request, size_t len)
{
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    const struct assay_slice body = body_of(request, len);
    sign_as(&secret, body.bytes, body.len, signature);
    answer_with(fd, "ecdsa-sha2-nistp384", signature);
}

static void decline(int fd, const uint8_t *request, size_t len)
{
    (void)request;
    (void)len;
    send_raw(fd, "\0\0\0\1\5", 5);
}

/* Each cut of an honest answer, then numbers that are none. */
static void answer_short(int fd, const uint8_t *request, size_t len)
{
    static const uint8_t bytes[] = "\0\0\0\x0f\x0e\0\0\0\x13"
                                   "ecdsa-sha2";
    (void)request;
    (void)len;
    send_raw(fd, bytes, sizeof bytes - 1);
}

static void answer_endless(int fd, const uint8_t *request, size_t len)
{
    (void)request;
    (void)len;
    send_raw(fd, "\xff\xff\xff\xff\x0e", 5);
}

static void answer_huge_number(int fd, const uint8_t *request, size_t len)
{
    uint8_t memory[512], numbers_bytes[256], all_bytes[400], zeros[100] = { 1 };
    struct assay_writer w = assay_writer_over(memory, sizeof memory);
    struct assay_writer all = assay_writer_over(all_bytes, sizeof all_bytes);
    struct assay_writer numbers = assay_writer_over(numbers_bytes, sizeof numbers_bytes);
    (void)request;
    (void)len;
    put_string(&numbers, zeros, sizeof zeros);
    put_string(&numbers, zeros, 32);
    put_text(&all, "ecdsa-sha2-nistp256");
    put_string(&all, numbers.bytes, numbers.len);
    assay_writer_u8(&w, 14);
    put_string(&w, all.bytes, all.len);
    send_message(fd, &w);
}

static void refuse_signature(void (*sign)(int, const uint8_t *, size_t),
                             enum assay_signer_outcome outcome, const char *text)
{
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN] = { 0 };
    start_agent(list_honestly, sign);
    assay_signer_close(&signer);
    cr_assert(assay_signer_open("ssh-agent:gamma", &signer, &fault), "%s", fault.text);
    cr_expect_not(sign_body(signature), "%s", text);
    cr_expect(assay_bytes_all_zero(signature, sizeof signature));
    expect_fault(outcome, text);
}

Test(apps_ssh_agent, a_signature_that_does_not_verify_is_no_signature)
{
    refuse_signature(sign_with_other, ASSAY_SIGNER_FAULTY, "does not verify");
    refuse_signature(sign_other_body, ASSAY_SIGNER_FAULTY, "does not verify");
    refuse_signature(sign_as_another_type, ASSAY_SIGNER_FAULTY, "malformed");
    refuse_signature(answer_short, ASSAY_SIGNER_FAULTY, "malformed");
    refuse_signature(answer_endless, ASSAY_SIGNER_FAULTY, "4294967295 bytes");
    refuse_signature(answer_huge_number, ASSAY_SIGNER_FAULTY, "malformed");
    refuse_signature(decline, ASSAY_SIGNER_DENIED, "refused to sign");
}

static void sign_high(int fd, const uint8_t *request, size_t len)
{
    static const uint8_t order[] = {
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
        0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    };
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    const struct assay_slice body = body_of(request, len);
    sign_as(&secret, body.bytes, body.len, signature);
    unsigned borrow = 0;
    for (size_t i = 32; i > 0; i--) { /* n - s */
        const unsigned digit = 256u + order[i - 1] - signature[32 + i - 1] - borrow;
        borrow = digit < 256 ? 1 : 0;
        signature[32 + i - 1] = (uint8_t)digit;
    }
    answer_with(fd, "ecdsa-sha2-nistp256", signature);
}

Test(apps_ssh_agent, a_high_s_is_replaced_by_the_low_one)
{
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    start_agent(list_honestly, sign_high);
    cr_assert(open_named("gamma"), "%s", fault.text);
    cr_assert(assay_ssh_agent_sign(agent, assay_slice_over(body_text, sizeof body_text - 1),
                                   LONG_MS, signature, &fault),
              "%s", fault.text);
    cr_expect_gt(assay_bytes_compare(signature + 32, half_order, 32), 0);
    assay_ssh_agent_close(&agent); /* one connection at a time */
    cr_assert(assay_signer_open("ssh-agent:gamma", &signer, &fault), "%s", fault.text);
    cr_assert(sign_body(signature), "%s", fault.text);
    expect_good(signature);
}

static void stay_silent(int fd)
{
    (void)fd;
}

static void send_slowly(int fd)
{
    send_raw(fd, "\0\0\1\0", 4);
    for (int i = 0; i < 256; i++) {
        const struct timespec pause = { 0, 50 * 1000000 };
        (void)nanosleep(&pause, NULL);
        send_raw(fd, "\x0c", 1);
    }
}

static void refuse_list(int fd)
{
    send_raw(fd, "\0\0\0\1\5", 5);
}

static void list_endless(int fd)
{
    uint8_t memory[2048];
    struct assay_writer w = assay_writer_over(memory, sizeof memory);
    begin_keys(&w, UINT32_MAX);
    put_key(&w, "ecdsa-sha2-nistp256", public_key, "gamma");
    send_message(fd, &w);
}

static void list_off_curve(int fd)
{
    uint8_t memory[2048], point[ASSAY_P256_PUBLIC_LEN];
    struct assay_writer w = assay_writer_over(memory, sizeof memory);
    assay_bytes_copy(point, sizeof point, public_key, sizeof point);
    point[40] ^= 1;
    begin_keys(&w, 1);
    put_key(&w, "ecdsa-sha2-nistp256", point, "gamma");
    send_message(fd, &w);
}

static void list_nothing(int fd)
{
    send_raw(fd, "\0\0\0\0", 4);
}

static void hang_up(int fd)
{
    (void)shutdown(fd, SHUT_RDWR);
}

static void refuse_agent(void (*list)(int), enum assay_signer_outcome outcome, const char *text)
{
    start_agent(list, NULL);
    cr_expect_not(open_named("gamma"), "%s", text);
    expect_fault(outcome, text);
}

Test(apps_ssh_agent, a_list_that_is_none_is_refused)
{
    refuse_agent(refuse_list, ASSAY_SIGNER_DENIED, "refused to list");
    refuse_agent(list_endless, ASSAY_SIGNER_FAULTY, "malformed");
    refuse_agent(list_nothing, ASSAY_SIGNER_FAULTY, "0 bytes");
    refuse_agent(hang_up, ASSAY_SIGNER_UNREACHABLE, "closed");
    start_agent(list_off_curve, NULL);
    cr_expect_not(assay_signer_open("ssh-agent:gamma", &signer, &fault));
    expect_fault(ASSAY_SIGNER_FAULTY, "public key cannot be used");
}

/* Every cut of an honest list. */
static size_t cut_at;
static void list_cut(int fd)
{
    uint8_t memory[2048];
    struct assay_writer w = assay_writer_over(memory, sizeof memory);
    put_keys(&w);
    w.len = cut_at;
    send_message(fd, &w);
}

Test(apps_ssh_agent, a_list_that_is_cut_anywhere_is_refused)
{
    uint8_t memory[2048];
    struct assay_writer w = assay_writer_over(memory, sizeof memory);
    put_keys(&w);
    for (cut_at = 1; cut_at < w.len; cut_at += 3)
        refuse_agent(list_cut, ASSAY_SIGNER_FAULTY, "malformed");
}

Test(apps_ssh_agent, an_agent_that_does_not_answer_is_left)
{
    const uint64_t start_ms = assay_monotonic_ms();
    refuse_agent(stay_silent, ASSAY_SIGNER_TIMEOUT, "in time");
    refuse_agent(send_slowly, ASSAY_SIGNER_TIMEOUT, "in time");
    cr_expect_lt(assay_monotonic_ms() - start_ms, 20 * SHORT_MS);
}

Test(apps_ssh_agent, a_missing_agent_is_reported)
{
    (void)setenv("SSH_AUTH_SOCK", folder_at(&folder, "none"), 1);
    cr_expect_not(open_named("gamma"));
    expect_fault(ASSAY_SIGNER_UNREACHABLE, "No such file");
    (void)unsetenv("SSH_AUTH_SOCK");
    cr_expect_not(open_named("gamma"));
    expect_fault(ASSAY_SIGNER_UNREACHABLE, "SSH_AUTH_SOCK is not set");
}

Test(apps_ssh_agent, a_body_above_the_limit_of_agents_is_refused)
{
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    uint8_t *const large = calloc(1, ASSAY_SSH_AGENT_MESSAGE_MAX);
    cr_assert_not_null(large);
    start_agent(list_honestly, sign_honestly);
    cr_assert(open_named("gamma"), "%s", fault.text);
    cr_expect_not(assay_ssh_agent_sign(agent, assay_slice_over(large, ASSAY_SSH_AGENT_MESSAGE_MAX),
                                       LONG_MS, signature, &fault));
    expect_fault(ASSAY_SIGNER_USAGE, "an agent signs at most");
    free(large);
}
