using CsCheck;
using Gache.Cluster;
using Gache.Primitives;
using Gache.Replication;
using Gache.Server.Http.Many;
using Gache.Server.Http.Routing;
using Gache.Store;
using Xunit;

namespace Gache.Server.Tests.Many;

/// <summary>Pages and steps between nodes.</summary>
public sealed class ManyWireTests
{
    private static readonly ScanQuery Query = new("pre"u8.ToArray(), new ScanPosition(3, "a"u8.ToArray()), 9, 17, 1_000, WithValues: true);

    private static readonly ScanPage KeysPage = new(
        [new ScannedKey("a"u8.ToArray(), 7, "value"u8.ToArray()), new ScannedKey("b"u8.ToArray(), 9, null), new ScannedKey("c"u8.ToArray(), 1, Array.Empty<byte>())], ScanEnd.Bound, new ScanPosition(4, "c"u8.ToArray()));

    private static readonly Step[] Steps = [new Step(null, "k"u8.ToArray()), ManyWire.StepOf(Command.EncodeSet("a"u8, "v"u8)), ManyWire.StepOf(Command.EncodeDelete("b"u8))];

    private static readonly StepEnd[] Ends =
    [
        new StepEnd(StepEndKind.Read, new WriteAnswer(null, 5, true), "value"u8.ToArray()), new StepEnd(StepEndKind.Read, new WriteAnswer(null, 0, false), Array.Empty<byte>()),
        StepEnd.Of(new WriteAnswer(null, 6, true, ApplyStatus.ConditionFailed)), StepEnd.Of(new WriteAnswer(null, 6, false, ApplyStatus.Done, -3, [1, 2])),
        StepEnd.Refused(new Refusal(RefusalCode.Timeout, "words")), default,
    ];

    [Fact]
    public void What_is_written_is_read()
    {
        ScanQuery query = ManyWire.ReadQuery(ManyWire.Encode(Query).Span)!;
        Assert.Equal((3, 9, 17, 1_000, true), (query.From.Slot, query.LastSlot, query.MaxKeys, query.MaxBytes, query.WithValues));
        Assert.Equal(Query.Prefix.ToArray(), query.Prefix.ToArray());

        ScanPage page = ManyWire.ReadPage(ManyWire.Encode(new Inspected<ScanPage>(KeysPage, null)))!.Value.Seen!;
        Assert.Equal(KeysPage.Keys.Select(Describe), page.Keys.Select(Describe));
        Assert.Equal((ScanEnd.Bound, 4), (page.End, page.Next.Slot));
        var refusal = new Refusal(RefusalCode.NotLeader, "words");
        Assert.Equal(refusal, ManyWire.ReadPage(ManyWire.Encode(refusal))!.Value.Refusal);

        List<Step> steps = ManyWire.ReadSteps(ManyWire.Encode(Steps).Span)!;
        Assert.Equal(Steps.Select(Describe), steps.Select(Describe));
        StepEnd[] ends = ManyWire.ReadEnds(ManyWire.Encode(Ends), Ends.Length)!;
        Assert.Equal(Ends.Select(Describe), ends.Select(Describe));
        Assert.All(ManyWire.ReadEnds(ManyWire.Encode(refusal), 3)!, end => Assert.Equal(refusal, end.Answer.Refusal));
    }

    [Fact]
    public void What_is_cut_off_or_longer_is_none_and_any_other_bytes_do_no_harm()
    {
        ReadOnlyMemory<byte>[] all = [ManyWire.Encode(Query), ManyWire.Encode(new Inspected<ScanPage>(KeysPage, null)), ManyWire.Encode(Steps), ManyWire.Encode(Ends)];
        for (int i = 0; i < all.Length; i++)
        {
            for (int length = 0; length < all[i].Length; length++) Assert.False(IsRead(i, all[i][..length]));
            Assert.False(IsRead(i, (byte[])[.. all[i].Span, 0]));
        }

        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 200], Gen.Byte).Sample((which, at, value) =>
        {
            byte[] bytes = all[which].ToArray();
            bytes[at % bytes.Length] = value;
            IsRead(which, bytes);
        });
        Gen.Select(Gen.Int[0, 3], Gen.Byte.Array[0, 60]).Sample((which, bytes) => { IsRead(which, bytes); });
    }

    [Fact]
    public void A_command_that_no_client_may_ask_for_is_not_taken_from_another_node()
    {
        Assert.Null(ManyWire.ReadSteps(ManyWire.Encode([new Step(Command.EncodeTime(5), default)]).Span));
        Assert.Null(ManyWire.ReadSteps(ManyWire.Encode([new Step(new SlotsCommand(CommandKind.Leave, new ShardId(1), false, SlotSet.Of(0, 1)).Encode(), default)]).Span));
    }

    [Fact]
    public async Task A_node_carries_out_what_another_one_asks_and_says_when_it_cannot()
    {
        using var shard = new MemoryShard { LooksAtKeys = true };
        var handler = new ManyHandler(() => shard, new AnswerBudget(() => 0));
        Assert.Equal(StepEndKind.Written, ManyWire.ReadEnds(await AskAsync(handler, CallKind.Steps, ManyWire.Encode([ManyWire.StepOf(Command.EncodeSet("a"u8, "v"u8))])), 1)![0].Kind);
        ScanQuery all = Query with { Prefix = default, From = ScanPosition.Start, LastSlot = Slot.Count - 1 };
        Assert.Single(ManyWire.ReadPage(await AskAsync(handler, CallKind.ScanKeys, ManyWire.Encode(all)))!.Value.Seen!.Keys);

        ReadOnlyMemory<byte> full = await AskAsync(new ManyHandler(() => shard, new AnswerBudget(() => 0, 1_000)), CallKind.ScanKeys, ManyWire.Encode(all));
        Assert.Equal(RefusalCode.Overloaded, ManyWire.ReadPage(full)!.Value.Refusal!.Code);
        ReadOnlyMemory<byte> starting = await AskAsync(new ManyHandler(() => null, new AnswerBudget(() => 0)), CallKind.ScanKeys, ManyWire.Encode(all));
        Assert.Equal(RefusalCode.NotServing, ManyWire.ReadPage(starting)!.Value.Refusal!.Code);
        bool isAnswered = false;
        handler.Handle(default, CallKind.Steps, new byte[] { 9, 9, 9 }, _ => isAnswered = true);
        Assert.False(isAnswered);
    }

    private static async Task<ReadOnlyMemory<byte>> AskAsync(ManyHandler handler, CallKind kind, ReadOnlyMemory<byte> body)
    {
        var answer = new TaskCompletionSource<ReadOnlyMemory<byte>>();
        handler.Handle(default, kind, body, bytes => answer.SetResult(bytes.ToArray()));
        return await answer.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    private static bool IsRead(int which, ReadOnlyMemory<byte> bytes) => which switch
    {
        0 => ManyWire.ReadQuery(bytes.Span) is not null,
        1 => ManyWire.ReadPage(bytes) is not null,
        2 => ManyWire.ReadSteps(bytes.Span) is not null,
        _ => ManyWire.ReadEnds(bytes, Ends.Length) is not null,
    };

    private static string Describe(ScannedKey key) => $"{Convert.ToHexString(key.Key.Span)} {key.Revision} {(key.Value is { } value ? Convert.ToHexString(value.Span) : "none")}";

    private static string Describe(Step step) => $"{step.IsRead} {Convert.ToHexString(step.Key.Span)} {Convert.ToHexString(step.Command ?? [])}";

    private static string Describe(StepEnd end) => $"{end.Kind} {end.Answer with { Body = null }} {Convert.ToHexString(end.Answer.Body ?? [])} {Convert.ToHexString(end.Value.Span)}";
}
