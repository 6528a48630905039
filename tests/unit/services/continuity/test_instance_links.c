/*
 * tests/unit/services/continuity/test_instance_links.c - tests of the links of replicas and
 * instances: an address that an instance names is not dialled (docs/services.md 4.2).
 */
#include "net/services/server/peer_links.h"
#include "services/continuity/records.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SOON_MS = 60000, QUIET_MS = 500, SESSION = 3 };

static struct assay_peer_links *replica, *enclave;
static struct assay_cont_group group;
static struct assay_cont_instance_row row;
static const uint8_t replica_key[ASSAY_P256_PUBLIC_LEN] = { 4, 1 };

static struct assay_peer_links *open_links(const char *listen, uint32_t instances)
{
    const struct assay_peer_links_config config = { .listen = listen,
                                                    .answers = true,
                                                    .instances = instances };
    struct assay_peer_links *links = NULL;
    char message[ASSAY_PEER_LINKS_MESSAGE_LEN];
    cr_assert_eq(assay_links_open(&config, &links, message), ASSAY_OK, "%s", message);
    return links;
}

/* A group of one replica, slot 0, and one instance. */
static void set_up(void)
{
    replica = open_links("127.0.0.1:0", 1);
    enclave = open_links(NULL, 0);
    group.instances_max = group.instance_end = group.instance_count = 1;
    group.instance = &row;
    row.session = SESSION;
    row.instance[0] = 7;
    cr_assert_eq(assay_links_contact(enclave, NULL, &row.contact), ASSAY_OK);
    cr_assert_eq(row.contact.address_len, 0);
    group.member[0].listed = true;
    assay_bytes_copy(group.member[0].key, ASSAY_P256_PUBLIC_LEN, replica_key,
                     ASSAY_P256_PUBLIC_LEN);
    cr_assert_eq(assay_links_contact(replica, NULL, &group.member[0].contact), ASSAY_OK);
    assay_links_apply_group(replica, &group);
    assay_links_apply_group(enclave, &group);
}

static void tear_down(void)
{
    assay_links_close(&replica);
    assay_links_close(&enclave);
}

TestSuite(services_instance_links, .init = set_up, .fini = tear_down, .timeout = 300);

/* Returns: whether `links` received this within the time. */
static bool receives(struct assay_peer_links *links, const char *text, int wait_ms,
                     struct assay_cont_from *from)
{
    struct assay_slice frame;
    uint16_t slot;
    const uint64_t end_ms = assay_links_clock_ms() + (uint64_t)wait_ms;
    while (assay_links_clock_ms() < end_ms) {
        cr_assert_eq(assay_links_wait(replica, assay_links_clock_ms(), NULL, 0, 1), ASSAY_OK);
        cr_assert_eq(assay_links_wait(enclave, assay_links_clock_ms(), NULL, 0, 1), ASSAY_OK);
        if (assay_links_receive(links, &slot, from, &frame) != ASSAY_OK) continue;
        return assay_slice_equal(frame, assay_slice_over(text, strlen(text)));
    }
    return false;
}

static struct assay_slice over(const char *text)
{
    return assay_slice_over(text, strlen(text));
}

Test(services_instance_links, an_instance_is_answered_on_the_connection_that_it_dialled)
{
    struct assay_cont_from from;
    assay_links_send_to_replica(enclave, replica_key, over("open"));
    cr_assert(receives(replica, "open", SOON_MS, &from));
    cr_expect(!from.replica && from.session == SESSION);
    assay_links_send_to_session(replica, row.instance, SESSION, over("opened"));
    cr_assert(receives(enclave, "opened", SOON_MS, &from));
    cr_expect(from.replica);
    /* A newer session of another process has the place. */
    row.session++;
    row.contact.curve[3] ^= 1;
    assay_links_apply_group(replica, &group);
    assay_links_send_to_session(replica, row.instance, SESSION + 1, over("for the newer one"));
    cr_expect_not(receives(enclave, "for the newer one", QUIET_MS, &from));
}

/* So no instance makes replicas connect to a machine of its choice. */
Test(services_instance_links, an_address_that_an_instance_names_is_not_dialled)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t len = sizeof address;
    struct assay_cont_from from;
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(listener, 4), 0);
    cr_assert_eq(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    row.contact.address_len =
        (uint8_t)snprintf((char *)row.contact.address, sizeof row.contact.address, "127.0.0.1:%u",
                          (unsigned)ntohs(address.sin_port));
    assay_links_apply_group(replica, &group);
    assay_links_send_to_session(replica, row.instance, SESSION, over("hello"));
    cr_expect_not(receives(enclave, "hello", QUIET_MS, &from));
    cr_expect_lt(accept(listener, NULL, NULL), 0, "a connection came");
    (void)close(listener);
}

/* Both records with a link key, and with an address of this length. */
static enum assay_status decode_again(bool is_session, uint8_t address_len)
{
    const struct assay_secret32 seed = { { 5 } };
    struct assay_cont_session_record session = { .expected = 1 }, session_read;
    struct assay_cont_replica_record listed = { .group = 0 }, listed_read;
    uint8_t bytes[ASSAY_CONT_RECORD_MAX];
    struct assay_slice out;
    struct assay_cont_contact contact = { .address = "127.0.0.1:7", .address_len = address_len };
    assay_cont_link_name(&seed, &session.link, &contact);
    listed.link = session.link;
    session.contact = listed.contact = contact;
    if (is_session) {
        cr_assert_eq(assay_cont_session_record_encode(&session, bytes, sizeof bytes, &out),
                     ASSAY_OK);
        return assay_cont_session_record_decode(out, &session_read);
    }
    cr_assert_eq(assay_cont_replica_record_encode(&listed, bytes, sizeof bytes, &out), ASSAY_OK);
    return assay_cont_replica_record_decode(out, &listed_read);
}

Test(services_instance_links, a_session_needs_no_address_and_a_replica_does)
{
    cr_expect_eq(decode_again(true, 0), ASSAY_OK);
    cr_expect_eq(decode_again(true, 11), ASSAY_OK);
    cr_expect_eq(decode_again(false, 11), ASSAY_OK);
    cr_expect_eq(decode_again(false, 0), ASSAY_E_INVALID);
}
