using Gache.Tool.Operate.Api;

namespace Gache.Tool.Operate.Act;

/// <summary>What a word made of the cluster that it saw: something to do, nothing to do, or a refusal.</summary>
/// <param name="Intention">What it would do, or null.</param>
/// <param name="Words">Why there is nothing to do, or why it refuses.</param>
/// <param name="IsRefused">Whether it refuses.</param>
internal sealed record Plan(Intention? Intention, string Words, bool IsRefused)
{
    public static implicit operator Plan(Intention intention) => new(intention, "", IsRefused: false);

    /// <summary>It is as was asked for already.</summary>
    public static Plan Nothing(string words) => new(null, words, IsRefused: false);

    /// <summary>It makes no sense in this cluster.</summary>
    public static Plan Refused(string words) => new(null, words, IsRefused: true);
}

/// <summary>What is about to be done, told before anything is.</summary>
internal sealed record Intention
{
    /// <summary>What will happen, a line each.</summary>
    public required IReadOnlyList<string> Does { get; init; }

    /// <summary>What must be so for it to work, and how it ends if it is not.</summary>
    public required IReadOnlyList<string> Needs { get; init; }

    /// <summary>What is sent, in this order.</summary>
    public required IReadOnlyList<Request> Requests { get; init; }

    /// <summary>Where it is sent, if not to the node that was asked.</summary>
    public string? At { get; init; }

    /// <summary>For each slot the shard that is to own it in the end; empty if nothing moves.</summary>
    public IReadOnlyDictionary<int, string> Goal { get; init; } = new Dictionary<int, string>();

    /// <summary>The member whose place another takes; followed, and finished, once the requests were accepted.</summary>
    public Replacement? Replacement { get; init; }

    /// <summary>The member that goes; asked for until the shard has let it go.</summary>
    public Removal? Removal { get; init; }

    /// <summary>Told when all was accepted and nothing is to be waited for, from the last answer.</summary>
    public Func<Reply?, string> Afterwards { get; init; } = _ => "done; ./gache cluster show tells how it goes on";
}
