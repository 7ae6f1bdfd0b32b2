namespace Gache.Replication;

/// <summary>What looks at the state once a read round has confirmed it: a quorum says that this node still leads (P6).</summary>
internal abstract class RoundOperation : Operation
{
    /// <summary>The round that confirms it, once registered, else 0.</summary>
    public ulong Round { get; set; }
}
