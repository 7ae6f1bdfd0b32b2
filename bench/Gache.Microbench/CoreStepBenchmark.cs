using BenchmarkDotNet.Attributes;
using Gache.Primitives;
using Gache.Raft;

namespace Gache.Microbench;

/// <summary>The consensus core alone: commands that three cores agree on, with disks and a network that take no time.</summary>
public class CoreStepBenchmark
{
    private const int Nodes = 3;
    private const int ElectionSteps = 10_000;

    private readonly RaftCore[] cores = new RaftCore[Nodes];
    private readonly Outputs[] outputs = [new(), new(), new()];
    private readonly Queue<Message> network = new();
    private readonly byte[] command = new byte[120];
    private RaftCore leader = null!;

    /// <summary>Commands that are proposed before anything is sent.</summary>
    [Params(1, 64)]
    public int Batch { get; set; }

    [GlobalSetup]
    public void Elect()
    {
        NodeId[] ids = [.. Enumerable.Range(1, Nodes).Select(n => new NodeId((UInt128)(uint)n))];
        var configuration = new Configuration(ids.Select(id => new Member(id, $"{id}:7000", $"{id}:8000")), ids, null, []);
        for (int i = 0; i < Nodes; i++)
        {
            cores[i] = new RaftCore(ids[i], new CoreStart(), new RaftOptions(), new Random(i));
            cores[i].Bootstrap(configuration);
        }

        for (int i = 0; i < ElectionSteps && !cores.Any(core => core.HasCommittedInTerm); i++)
        {
            foreach (RaftCore core in cores) core.Tick();
            Settle();
        }

        leader = cores.Single(core => core.HasCommittedInTerm);
    }

    /// <summary>From the proposals to their commit at the leader.</summary>
    [Benchmark(Description = "propose, replicate, commit")]
    public ulong Commit()
    {
        ulong last = 0;
        for (int i = 0; i < Batch; i++) last = leader.Propose(command);
        Settle();
        if (leader.CommitIndex != last) throw new InvalidOperationException($"index {last} is not committed");
        return last;
    }

    /// <summary>A round that confirms that the leader still leads; all reads that wait share it.</summary>
    [Benchmark(Description = "confirm a round of reads")]
    public ulong ConfirmRead()
    {
        ulong round = leader.RequestRead();
        Settle();
        return round;
    }

    /// <summary>Carries out what the cores want until they want nothing more.</summary>
    private void Settle()
    {
        for (int i = 0; i < Nodes; i++) CarryOut(i);
        while (network.TryDequeue(out Message? message))
        {
            int to = Array.FindIndex(cores, core => core.Id == message.To);
            cores[to].Step(message);
            CarryOut(to);
        }
    }

    private void CarryOut(int node)
    {
        RaftCore core = cores[node];
        while (true)
        {
            core.Drain(outputs[node]);
            foreach (Message message in outputs[node].Messages) network.Enqueue(message);
            bool writes = outputs[node].WriteNumber != 0;
            // Nothing is sent before it is durable here, since it is durable at once.
            if (writes) core.Durable(outputs[node].WriteNumber, core.LastIndex, core.LastTerm);
            core.Applied(core.ApplyLimit);
            if (!writes) return;
        }
    }
}
