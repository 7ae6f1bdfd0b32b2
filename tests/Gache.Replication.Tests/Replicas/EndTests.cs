using System.Runtime.CompilerServices;
using Gache.Store;
using Xunit;

namespace Gache.Replication.Tests.Replicas;

/// <summary>The end of a replica: nobody is left without an answer, and nobody reads a store whose memory was given back.</summary>
public sealed class EndTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Close_waits_for_the_step_that_is_under_way()
    {
        using Room room = Room.OfVoters(1);
        Replica replica = room.Seats[0].Replica;
        using var isInside = new ManualResetEventSlim();
        using var mayLeave = new ManualResetEventSlim();
        Task step = Task.Run(() => replica.Post(() =>
        {
            isInside.Set();
            mayLeave.Wait(Long);
        }), TestContext.Current.CancellationToken);
        Assert.True(isInside.Wait(Long, TestContext.Current.CancellationToken));

        Assert.False(replica.Close(TimeSpan.FromMilliseconds(1)));
        mayLeave.Set();
        await step;

        Assert.True(replica.Close(Long));
    }

    [Fact]
    public async Task Everything_that_is_asked_after_the_end_is_answered()
    {
        using Room room = Room.OfVoters(1);
        Seat only = room.Seats[0];
        Assert.True(only.Replica.Close(Long));

        Task<JoinAnswer> join = only.Replica.JoinAsync(new JoinRequest("n9:7000", default, null, default, default));
        ValueTask<WriteAnswer> write = only.Replica.WriteAsync(Command.EncodeSet("k"u8, "v"u8));
        ValueTask<ReadAnswer> read = only.Replica.ReadAsync("k"u8.ToArray(), ReadLevel.Stale);

        Assert.True(join.IsCompleted && write.IsCompleted && read.IsCompleted);
        Assert.Equal(RefusalCode.ShuttingDown, (await join).Refusal?.Code);
        Assert.Equal(RefusalCode.ShuttingDown, (await write).Refusal?.Code);
        Assert.Equal(RefusalCode.ShuttingDown, (await read).Refusal?.Code);
    }

    [Fact]
    public async Task A_join_that_waits_when_the_replica_ends_is_answered()
    {
        using Room room = Room.OfVoters(1);
        Seat only = room.Seats[0];
        Task<JoinAnswer>? join = null;
        only.Replica.Post(() =>
        {
            join = only.Replica.JoinAsync(new JoinRequest("n9:7000", default, null, default, default)); // queued for a step that never takes it
            only.Replica.LogFailed(new InvalidOperationException("the disk"));
        });

        Assert.True(only.Replica.Close(Long));
        Assert.True(join!.IsCompleted);
        Assert.Equal(RefusalCode.ShuttingDown, (await join).Refusal?.Code);
    }

    /// <summary>Thousands of clients that each ask again when one is answered must not nest in one another on the thread that answers.</summary>
    [Fact]
    public void Answers_that_bring_new_requests_leave_the_stack_flat()
    {
        const int Requests = 20_000;
        using Room room = Room.OfVoters(1);
        Replica replica = room.Seats[0].Replica;
        int answered = 0;
        bool isDeep = false;
        FirstAsync();

        room.Until("all are answered", () => isDeep || answered == Requests);
        Assert.False(isDeep, $"the stack was nearly full after {answered} answers");

        async void FirstAsync()
        {
            await replica.WriteAsync(Command.EncodeSet("k"u8, "v"u8)); // completes when the disk has it: inside the completions of a step
            NextAsync();
        }

        async void NextAsync()
        {
            isDeep |= !RuntimeHelpers.TryEnsureSufficientExecutionStack();
            if (isDeep || ++answered == Requests) return;
            using (await replica.ReadAsync("k"u8.ToArray(), ReadLevel.Linearizable))
                NextAsync();
        }
    }
}
