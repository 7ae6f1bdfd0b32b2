using CsCheck;
using Gache.Primitives;
using Xunit;

namespace Gache.Cluster.Tests.Gossip;

public sealed class WireTests
{
    private static readonly Gen<ulong> AnyNumber = Gen.Select(Gen.ULong, Gen.Int[0, 63], (bits, shift) => bits >> shift);
    private static readonly Gen<ulong> AnyCounter = AnyNumber.Select(number => number % GossipLimits.MaxCounter);
    private static readonly Gen<NodeId> AnyId = AnyNumber.Select(number => new NodeId(new UInt128(number, number + 1)));

    private static readonly Gen<NodeRecord> AnyRecord =
        Gen.Select(AnyId, AnyNumber, Gen.Bool, Gen.Int[0, 4], AnyNumber, Gen.Int[1, 65_535], Gen.Select(Gen.Int[0, 40], Gen.Int[0, 40], AnyNumber).Array[0, 300])
            .Select((id, shard, flag, role, term, port, ranges) =>
            {
                List<SlotRange> slots = [];
                int next = 0;
                foreach ((int gap, int length, ulong epoch) in ranges)
                {
                    if (next + gap + length >= Store.Slot.Count) break;
                    slots.Add(new SlotRange(next + gap, next + gap + length, epoch));
                    next += gap + length + 1;
                }

                return new NodeRecord
                {
                    Node = id,
                    Generation = term % GossipLimits.MaxCounter,
                    Version = shard % GossipLimits.MaxCounter,
                    Cluster = flag ? default : new ClusterId(new UInt128(term, 1)),
                    Shard = new ShardId(shard),
                    IsFoundingShard = flag,
                    ApiAddress = $"node-{port}.example:{port}",
                    RaftAddress = flag ? "" : $"[fe80::{port:x}]:{port}",
                    ClusterAddress = $"127.0.0.1:{port}",
                    Role = (NodeRole)role,
                    Term = term,
                    Slots = slots,
                };
            });

    [Fact]
    public void A_record_is_read_back_as_it_was_written() =>
        AnyRecord.Sample(record => Assert.Equal(record, RecordCodec.TryDecode(record.Node, record.Generation, record.Version, RecordCodec.Encode(record))));

    [Fact]
    public void What_a_later_version_appends_to_a_record_is_no_error() =>
        AnyRecord.Sample(record => Assert.Equal(record, RecordCodec.TryDecode(record.Node, record.Generation, record.Version, [.. RecordCodec.Encode(record), 1, 2, 3])));

    [Fact]
    public void A_record_of_sixteen_thousand_single_slots_takes_three_bytes_a_slot_and_fits_into_a_message()
    {
        var record = new NodeRecord
        {
            Node = new NodeId(1),
            ApiAddress = "a:1",
            ClusterAddress = "a:2",
            Slots = [.. Enumerable.Range(0, Store.Slot.Count).Select(slot => new SlotRange(slot, slot, 1_000 + (ulong)(slot % 7)))],
        };
        byte[] bytes = RecordCodec.Encode(record);
        Assert.InRange(bytes.Length, 1, (3 * Store.Slot.Count) + 100);
        Assert.Equal(record, RecordCodec.TryDecode(record.Node, 0, 0, bytes));
    }

    [Fact]
    public void A_heartbeat_is_read_back_whatever_the_clocks_say_and_takes_a_byte_when_they_agree() =>
        Gen.Select(AnyCounter, AnyCounter, AnyCounter, Gen.Int[0, 15]).Sample((sentMs, generation, beat, age) =>
        {
            Assert.Equal(beat, Beats.Decode(sentMs, generation, Beats.Encode(sentMs, generation, beat)));
            ulong now = generation + (beat * 250) + ((ulong)age * 1_000);
            Assert.InRange(Beats.Encode(now, generation, beat), 1ul, 127ul);
            Assert.Null(Beats.Decode(sentMs, generation, Beats.NoNews));
        });

    [Fact]
    public void A_question_an_answer_and_a_delta_are_read_back_as_they_were_written() =>
        Gen.Select(AnyId, AnyCounter.Array[0, 200], AnyRecord.Array[0, 5], AnyCounter, Gen.Int[0, 2]).Sample((sender, column, records, number, outcome) =>
        {
            var header = new GossipHeader(new ClusterId(number), sender);
            var writer = new ByteWriter();
            new DigestQuestion(header, number, ~number, number, column).Write(writer);
            DigestQuestion question = DigestQuestion.TryRead(writer.Written)!;
            Assert.Equal((header, number, ~number, number), (question.Header, question.RosterHash, question.ContentHash, question.SentMs));
            Assert.Equal(column, question.Beats);

            writer.Clear();
            Listed[] listing = [.. column.Select(one => new Listed(new NodeId(one + 1), one, RecordEntry.Forgotten, one, number, one))];
            new DigestAnswer(header, (DigestOutcome)outcome, column, column, column, listing).Write(writer);
            DigestAnswer answer = DigestAnswer.TryRead(writer.Written)!;
            Assert.Equal((DigestOutcome)outcome, answer.Outcome);
            Assert.Equal(answer.Outcome == DigestOutcome.Listing ? listing : [], answer.Listing);
            Assert.Equal(answer.Outcome == DigestOutcome.Listing ? [] : column, answer.Rises);
            Assert.Equal(answer.Outcome == DigestOutcome.Versions ? column : [], answer.Versions);

            writer.Clear();
            Want[] wants = [.. column.Select(one => new Want(new NodeId(one), Parts.Load))];
            LoadEntry[] loads = [.. column.Select(one => new LoadEntry(new NodeId(one), one, one + 1, new LoadRecord(one, number, one, number, true)))];
            if (Array.Exists(column, one => one + 1 >= GossipLimits.MaxCounter)) return;
            new Delta(header, wants, [.. records.Select(record => Stranger.RecordOf(record, number, 7))], loads).Write(writer);
            Delta delta = Delta.TryRead(writer.Written)!;
            Assert.Equal(wants, delta.Wants);
            Assert.Equal(loads, delta.Loads);
            Assert.Equal(records.Select(RecordCodec.Encode), delta.Records.Select(entry => entry.Body));
        });
}
