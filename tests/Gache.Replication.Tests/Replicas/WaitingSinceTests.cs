using CsCheck;
using Xunit;

namespace Gache.Replication.Tests.Replicas;

public sealed class WaitingSinceTests
{
    [Fact]
    public void The_oldest_is_always_the_time_of_the_first_in_the_queue() => Gen.Int[-20, 10].List[1, 200].Sample(steps =>
    {
        var times = new Queue<long>();
        var since = new WaitingSince();
        long now = 100;
        foreach (int step in steps)
        {
            now++;
            if (step >= 0) for (int n = 0; n < step; n++) times.Enqueue(now);
            else for (int n = 0; n < -step && times.Count > 0; n++) times.Dequeue();
            if (since.Differs(times.Count)) since.Note(times.Count, now);
            Assert.Equal(times.TryPeek(out long first) ? first : 0, since.Oldest);
        }
    });
}
