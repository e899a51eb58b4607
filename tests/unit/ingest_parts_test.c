/* The small parts that item-ingest's threads meet at. */
#include <pthread.h>

#include "services/common/trouble.h"
#include "services/item-ingest/hashset.h"
#include "services/item-ingest/partitions.h"
#include "services/item-ingest/ring.h"
#include "services/item-ingest/scratch.h"
#include "tests/test.h"

static int items[100];

static void *push_all(void *arg)
{
    struct ring *ring = arg;

    for (int i = 0; i < 100; i++) {
        items[i] = i;
        CHECK_INT(ring_push(ring, &items[i]), ==, 0);
        CHECK_INT(ring_count(ring), <=, 3);
    }
    ring_close(ring);
    return NULL;
}

TEST(a_ring_keeps_order_and_its_bound_and_ends)
{
    OWNED(ring) ring = ring_new(3);
    pthread_t pusher;
    const int *item;
    int next = 0;

    CHECK_INT(pthread_create(&pusher, NULL, push_all, ring), ==, 0);
    while ((item = ring_pop(ring, -1)))
        CHECK_INT(*item, ==, next++);
    CHECK_INT(next, ==, 100);
    CHECK(ring_closed(ring));
    CHECK_INT(ring_push(ring, &items[0]), ==, -1);
    CHECK_INT(pthread_join(pusher, NULL), ==, 0);
}

TEST(an_empty_ring_is_waited_for_no_longer_than_asked)
{
    OWNED(ring) ring = ring_new(1);

    CHECK(ring_pop(ring, 0) == NULL);
    CHECK(ring_pop(ring, 20) == NULL);
    CHECK(!ring_closed(ring));
}

TEST(a_set_has_what_was_added_and_nothing_else)
{
    struct hashset set = {0};
    struct err err = {0};

    CHECK(!hashset_has(&set, 1));
    for (int i = 0; i < 20000; i++)
        CHECK_OK(hashset_add(&set, hash_text(&i, sizeof i), &err), err);
    CHECK_INT(set.count, ==, 20000);
    for (int i = 0; i < 40000; i++)
        CHECK_INT(hashset_has(&set, hash_text(&i, sizeof i)), ==, i < 20000);
    hashset_done(&set);
}

TEST(an_epoch_ends_for_those_who_come_later)
{
    OWNED(partitions) partitions = partitions_new();
    struct partition_view view;
    uint64_t first = partitions_assign(partitions, 4, 10), second;

    CHECK(first != 0);
    CHECK(partitions_enter(partitions, 4, first));
    partitions_leave(partitions, 4);
    second = partitions_assign(partitions, 4, 20);
    CHECK(second != first);
    CHECK(!partitions_enter(partitions, 4, first));
    partitions_done(partitions, 4, 25, 7);
    CHECK_INT(partitions_list(partitions, &view, 1), ==, 1);
    CHECK_INT(view.next, ==, 25);
    partitions_revoke(partitions, 4);
    CHECK(!partitions_enter(partitions, 4, second));
    CHECK_INT(partitions_list(partitions, &view, 1), ==, 0);
    CHECK_INT(partitions_assign(partitions, PARTITIONS_MAX, 0), ==, 0);
}

TEST(what_another_owns_is_lost_until_it_is_given_again)
{
    OWNED(partitions) partitions = partitions_new();
    uint64_t epoch = partitions_assign(partitions, 0, 0);

    partitions_open(partitions, 0, epoch);
    CHECK(partitions_wait_open(partitions, 0, epoch));
    partitions_lose(partitions, 0, epoch);
    CHECK(partitions_lost(partitions));
    CHECK(!partitions_wait_open(partitions, 0, epoch));
    (void)partitions_assign(partitions, 0, 0);
    CHECK(!partitions_lost(partitions));
}

struct leaving {
    struct partitions *partitions;
    uint64_t epoch;
    pthread_barrier_t inside;
    bool left;
};

static void *leave_later(void *arg)
{
    struct leaving *leaving = arg;

    CHECK(partitions_enter(leaving->partitions, 1, leaving->epoch));
    (void)pthread_barrier_wait(&leaving->inside);
    (void)usleep(20000);
    leaving->left = true;
    partitions_leave(leaving->partitions, 1);
    return NULL;
}

TEST(taking_a_partition_away_waits_for_who_is_inside)
{
    OWNED(partitions) partitions = partitions_new();
    struct leaving leaving = {.partitions = partitions};
    pthread_t thread;

    leaving.epoch = partitions_assign(partitions, 1, 0);
    CHECK_INT(pthread_barrier_init(&leaving.inside, NULL, 2), ==, 0);
    CHECK_INT(pthread_create(&thread, NULL, leave_later, &leaving), ==, 0);
    (void)pthread_barrier_wait(&leaving.inside);
    partitions_revoke(partitions, 1);
    CHECK(leaving.left);
    CHECK_INT(pthread_join(thread, NULL), ==, 0);
}

TEST(scratch_memory_is_used_again)
{
    struct scratch scratch = {0};

    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 3000; i++) {
            char *text = scratch_copy(&scratch, "picture", 7);

            CHECK_STR(text, "picture");
        }
        CHECK(scratch_take(&scratch, 3 << 20) != NULL);
        CHECK_INT(scratch.bytes, >, 3 << 20);
        scratch_reset(&scratch);
        CHECK_INT(scratch.bytes, ==, 0);
    }
    scratch_done(&scratch);
}

TEST(trouble_is_said_until_it_is_over)
{
    struct trouble trouble = TROUBLE_NONE;
    char text[TROUBLE_TEXT];

    CHECK(!trouble_get(&trouble, text));
    trouble_set(&trouble, "the %s is away", "bus");
    CHECK(trouble_get(&trouble, text));
    CHECK_STR(text, "the bus is away");
    trouble_clear(&trouble);
    CHECK(!trouble_get(&trouble, text));
}
